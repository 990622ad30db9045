from dlscope.testing.backends import BackendSuite


class TestPlain(BackendSuite):
    backend = "plain"
    distribution = "onnxruntime"
