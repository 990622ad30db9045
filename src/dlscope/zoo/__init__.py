"""Networks, built from weights as ONNX graphs."""
