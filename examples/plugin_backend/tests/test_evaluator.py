from dlscope.testing.backends import BackendSuite


class TestEvaluator(BackendSuite):
    backend = "evaluator"
    distribution = "onnx"
