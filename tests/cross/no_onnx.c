/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of src/onnx/ in builds with -Dengine_only=true: no file can be read. */
#include "core/status.h"
#include "onnx/onnx_load.h"
#include "onnx/onnx_save.h"

int rpr_onnx_load_file(const char *path, rpr_graph **out, rpr_error *err)
{
    *out = NULL;
    return rpr_fail(err, RPR_ERR_IO, "%s: this build does not read ONNX", path);
}

int rpr_onnx_load_memory(const void *bytes, size_t size, const char *name, rpr_graph **out,
                         rpr_error *err)
{
    (void)bytes, (void)size;
    return rpr_onnx_load_file(name, out, err);
}

int rpr_onnx_save_memory(const rpr_graph *g, int opset, void **bytes, size_t *size, rpr_error *err)
{
    (void)g, (void)opset;
    *bytes = NULL;
    *size = 0;
    return rpr_fail(err, RPR_ERR_UNSUPPORTED, "this build does not write ONNX");
}
