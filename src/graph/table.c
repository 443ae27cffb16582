/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/table.h"

#include <string.h>

int rpr_table_input(const rpr_node *n)
{
    static const struct {
        const char *op;
        int input;
    } list[] = {{"Table", 1},
                {"QLinearConv", 9},
                {"QLinearConvTranspose", 9},
                {"QLinearMatMul", 8},
                {"QGemm", 9}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(n->domain, RPR_OWN_DOMAIN) == 0 && strcmp(n->op, list[i].op) == 0)
            return list[i].input;
    return RPR_NONE;
}

bool rpr_node_is_delay(const rpr_node *n)
{
    return strcmp(n->domain, RPR_OWN_DOMAIN) == 0 && strcmp(n->op, "Delay") == 0;
}
