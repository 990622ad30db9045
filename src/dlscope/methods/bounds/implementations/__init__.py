"""Ways of computing a layer, each in one file; `registry` knows them all.

registry        which there are, and which are installed
ort             ONNX Runtime, activations as ONNX lists them
ort_blocked     ONNX Runtime in its blocked layout, changes of layout left out
ort_int8        ONNX Runtime's whole-number kernels
torch_nchw      PyTorch, activations as ONNX lists them
torch_nhwc      PyTorch, channels last
onednn_packed   oneDNN through PyTorch, weights packed beforehand, activations fused
onednn_blocked  oneDNN through PyTorch, in the layout that oneDNN itself chooses
openvino        OpenVINO, plain and channels last

On a GPU, asked through `cuda`, `cudnn_library` and `triton_library`, for which others can stand in:

cudnn           cuDNN, every plan of a convolution
cublaslt        cuBLAS and cuBLASLt through PyTorch, products of matrices
torch_cuda      PyTorch, with cuDNN's own choice and with the best of all
triton_tiles    dlscope's own kernels, by tile
"""
