# SPDX-License-Identifier: Apache-2.0
"""TF.js graph models to ONNX: reader (file to graph), fold (constants), lower (operators), build."""
