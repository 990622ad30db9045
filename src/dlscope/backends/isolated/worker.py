"""What runs inside an isolated stack: opens a model, predicts, and times closed loops by itself.

This file is started by the stack's own interpreter and needs nothing but the standard library,
NumPy and one framework, on Python 3.7 or newer. It answers one request after another:

    request   {"do": "import" | "open" | "predict" | "keep" | "loop" | "records" | "close", …}
    answer    {…} or {"error": {"kind": …, "what": …}}

Either is a frame: the length of a JSON header (4 bytes, big-endian), the header, and the bytes of
the tensors that its field `tensors` lists. When the requests end, so does the worker.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import platform
import signal
import struct
import sys
import time
from array import array

_PR_SET_PDEATHSIG = 1
_LENGTH = struct.Struct(">I")


class Channel(object):
    """Frames on two binary files."""

    def __init__(self, source, sink):
        self._source, self._sink = source, sink

    def receive(self):
        """The next header with its tensors; None when there will be none."""
        import numpy as np

        start = self._source.read(_LENGTH.size)
        if len(start) < _LENGTH.size:
            return None
        header = json.loads(self._source.read(_LENGTH.unpack(start)[0]).decode("utf-8"))
        tensors = {}
        for name, dtype, shape in header.pop("tensors", ()):
            tensor = np.empty(shape, np.dtype(dtype))
            self._fill(tensor)
            tensors[name] = tensor
        return header, tensors

    def send(self, header, tensors=()):
        """One frame; `tensors` are pairs of a name and an array."""
        listed = [[name, value.dtype.str, list(value.shape)] for name, value in tensors]
        text = json.dumps(dict(header, tensors=listed)).encode("utf-8")
        self._sink.write(_LENGTH.pack(len(text)) + text)
        for _, value in tensors:
            self._sink.write(memoryview(value.reshape(-1)).cast("B") if value.size else b"")
        self._sink.flush()

    def _fill(self, tensor):
        view = memoryview(tensor.reshape(-1)).cast("B") if tensor.size else b""
        done = 0
        while done < len(view):
            done += self._source.readinto(view[done:])


class Answers(object):
    """The requests that can be made of one model, each a method named after it."""

    def __init__(self):
        self._framework = None
        self._model = None
        self._kept = {}

    def do_import(self, header, tensors):
        """Import the framework; how long that took is not part of loading a model."""
        began, cpu = time.perf_counter_ns(), time.process_time_ns()
        module = importlib.import_module(header["module"])
        self._framework = header["framework"]
        return {
            "python": platform.python_version(),
            "version": str(getattr(module, "__version__", "")),
            "duration_ns": time.perf_counter_ns() - began,
            "cpu_ns": time.process_time_ns() - cpu,
        }, ()

    def do_open(self, header, tensors):
        """Open the model file, and say what goes in and out."""
        self._model = MODELS[self._framework](header["path"], header["options"])
        told = {"inputs": self._model.inputs, "outputs": self._model.outputs}
        return dict(told, report=self._model.report()), ()

    def do_predict(self, header, tensors):
        """The outputs for the tensors fed, and how long the framework took."""
        began = time.perf_counter_ns()
        outputs = self._model.predict(tensors)
        took = time.perf_counter_ns() - began
        return {"duration_ns": took, "cpu_ns": time.process_time_ns()}, plain(outputs)

    def do_keep(self, header, tensors):
        """Keep the tensors of one more prediction of query `query`."""
        self._kept.setdefault(header["query"], []).append(tensors)
        return {}, ()

    def do_forget(self, header, tensors):
        """Let go of all that was kept."""
        self._kept = {}
        return {}, ()

    def do_loop(self, header, tensors):
        """Answer the queries of `order` one after another until the rule or the round ends."""
        columns = timed_loop(self._model.predict, self._kept, tensors["order"].tolist(), header)
        ended = columns.pop("ended")
        return {"ended": ended}, [(name, as_tensor(each)) for name, each in columns.items()]

    def do_records(self, header, tensors):
        """What the framework's own profiler wrote, as text; nothing where it has none."""
        return {"records": self._model.records()}, ()

    def do_close(self, header, tensors):
        """Let go of the model."""
        self._model, self._kept = None, {}
        return {}, ()


def timed_loop(predict, kept, order, rule):
    """Times of the queries in `order`, each read right before and right after its predictions.

    `rule` says how many queries were answered before and since when, and when to end: both minima
    reached, or either maximum (0 is none), or after `round_ns` to tell how it comes along.
    """
    now = time.perf_counter_ns
    issued, completed, ok = array("q"), array("q"), array("b")
    first_ns, before = rule["first_ns"], rule["queries"]
    round_ends = now() + rule["round_ns"]
    ended = False
    for query in order:
        batches = kept[query]
        began = now()
        try:
            for feeds in batches:
                predict(feeds)
        except Exception as error:
            print("query failed: %s" % error, file=sys.stderr)
            succeeded = 0
        else:
            succeeded = 1
        over = now()
        issued.append(began)
        completed.append(over)
        ok.append(succeeded)
        first_ns = began if first_ns is None else first_ns
        ended = is_over(rule, before + len(ok), over - first_ns)
        if ended or over >= round_ends:
            break
    return {"issued": issued, "completed": completed, "ok": ok, "ended": ended}


def is_over(rule, queries, elapsed_ns):
    """Whether the run has seen enough."""
    if queries >= rule["min_queries"] and elapsed_ns >= rule["min_duration_ns"]:
        return True
    too_many = 0 < rule["max_queries"] <= queries
    return too_many or 0 < rule["max_duration_ns"] <= elapsed_ns


def as_tensor(numbers):
    """An `array` as a NumPy array."""
    import numpy as np

    return np.frombuffer(numbers.tobytes(), dtype={"q": np.int64, "b": np.int8}[numbers.typecode])


def plain(outputs):
    """Pairs of a name and a contiguous array."""
    import numpy as np

    return [(name, np.ascontiguousarray(value)) for name, value in outputs]


class OnnxRuntimeModel(object):
    """A session on the CPU."""

    TYPES = {"float": "float32", "double": "float64"}
    LEVELS = {
        "all": "ORT_ENABLE_ALL",
        "extended": "ORT_ENABLE_EXTENDED",
        "basic": "ORT_ENABLE_BASIC",
        "disabled": "ORT_DISABLE_ALL",
    }

    def __init__(self, path, options):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options["threads"]
        settings.inter_op_num_threads = options["inter_op_threads"]
        settings.log_severity_level = 4
        level = self.LEVELS[options["graph_optimization"]]
        settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        if options["inter_op_threads"] > 1:
            settings.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
        settings.enable_profiling = options.get("profile", False)
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(path, settings, providers=providers)
        self._settings, self._options = settings, options
        self.inputs = [self._spec(value) for value in self._session.get_inputs()]
        self.outputs = [self._spec(value) for value in self._session.get_outputs()]
        self._names = [name for name, _, _ in self.outputs]

    def _spec(self, value):
        word = value.type[len("tensor(") : -1]
        shape = [size if isinstance(size, int) else None for size in value.shape]
        return [value.name, self.TYPES.get(word, word), shape]

    def report(self):
        """Settings of the session."""
        return {
            "precision": "float32",
            "device": "cpu",
            "providers": ", ".join(self._session.get_providers()),
            "threads": self._settings.intra_op_num_threads,
            "inter_op_threads": self._settings.inter_op_num_threads,
            "graph_optimization": self._options["graph_optimization"],
        }

    def predict(self, feeds):
        """Pairs of a name and its array."""
        return zip(self._names, self._session.run(self._names, feeds))

    def records(self):
        """The events of its profiler since it was opened."""
        if not self._options.get("profile"):
            return ""
        path = self._session.end_profiling()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        os.remove(path)
        return text


class OpenVinoModel(object):
    """A model compiled for latency on the CPU."""

    def __init__(self, path, options):
        import openvino

        settings = {
            "INFERENCE_NUM_THREADS": options["threads"],
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": options["precision"],
        }
        core = openvino.Core()
        model = core.read_model(path)
        self._compiled = core.compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._threads = options["threads"]
        self.inputs = [self._spec(port) for port in model.inputs]
        self.outputs = [self._spec(port) for port in model.outputs]

    def _spec(self, port):
        shape = [size.get_length() if size.is_static else None for size in port.partial_shape]
        dtype = port.get_element_type().to_dtype().name
        return [port.get_any_name(), dtype, shape]

    def report(self):
        """What the compiled model says it does."""
        hint = self._compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        words = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
        return {"precision": words.get(hint, hint), "device": "cpu", "threads": self._threads}

    def predict(self, feeds):
        """Pairs of a name and its array, copied out of the request's own memory."""
        results = self._request.infer(feeds)
        return [(o[0], results[i].copy()) for i, o in enumerate(self.outputs)]

    def records(self):
        """Nothing yet."""
        return ""


MODELS = {"onnxruntime": OnnxRuntimeModel, "openvino": OpenVinoModel}


def die_with_parent():
    """End when the parent ends, though the framework may hang and never read again."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        # Only Linux has it; elsewhere the worker ends at its next read.
        pass


def private_channel():
    """Standard input and output for frames alone; what a framework prints goes to the errors."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Channel(os.fdopen(os.dup(0), "rb"), sink)


def answered(answers, header, tensors):
    """The answer to one request; whatever a framework raises is told in its own words."""
    try:
        return getattr(answers, "do_" + header["do"])(header, tensors)
    except Exception as error:
        return {"error": {"kind": type(error).__name__, "what": str(error)}}, ()


def main():
    """Answer requests until there are no more."""
    die_with_parent()
    channel, answers = private_channel(), Answers()
    while True:
        request = channel.receive()
        if request is None:
            return
        channel.send(*answered(answers, *request))


if __name__ == "__main__":
    main()
