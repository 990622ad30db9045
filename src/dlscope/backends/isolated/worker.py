"""What runs inside an isolated stack: opens a model, predicts, and times closed loops by itself.

This file is started by the stack's own interpreter and needs nothing but the standard library,
NumPy and one framework, on Python 3.7 or newer. It answers one request after another:

    request   {"do": "import" | "open" | "predict" | "keep" | "forget" | "loop" | "close", …}
    answer    {…} or {"error": {"kind": …, "what": …}}

Either is a frame: the length of a JSON header (4 bytes, big-endian), the header, and the bytes of
the tensors that its field `tensors` lists. When the requests end, so does the worker.
"""

from __future__ import annotations

import contextlib
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
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_LENGTH = struct.Struct(">I")


class Channel:
    """Frames on two binary files."""

    def __init__(self, source: Any, sink: Any) -> None:
        self._source, self._sink = source, sink

    def receive(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
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

    def send(self, header: dict[str, Any], tensors: Any = ()) -> None:
        """One frame; `tensors` are pairs of a name and an array."""
        listed = [[name, value.dtype.str, list(value.shape)] for name, value in tensors]
        text = json.dumps(dict(header, tensors=listed)).encode("utf-8")
        self._sink.write(_LENGTH.pack(len(text)) + text)
        for _, value in tensors:
            self._sink.write(memoryview(value.reshape(-1)).cast("B") if value.size else b"")
        self._sink.flush()

    def _fill(self, tensor: Any) -> None:
        view = memoryview(tensor.reshape(-1)).cast("B") if tensor.size else b""
        done = 0
        while done < len(view):
            done += self._source.readinto(view[done:])


class Answers:
    """The requests that can be made of one model, each a method named after it."""

    def __init__(self) -> None:
        self._framework = ""
        self._models: list[Any] = []
        self._kept: list[dict[int, list[Any]]] = []

    def do_import(self, header: Any, _tensors: Any) -> tuple[dict[str, Any], Any]:
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

    def do_open(self, header: Any, _tensors: Any) -> tuple[dict[str, Any], Any]:
        """Open the model file, and say what goes in and out."""
        model = MODELS[self._framework](header["path"], header["options"])
        self._models.append(model)
        self._kept.append({})
        told = {"model": len(self._models) - 1, "inputs": model.inputs, "outputs": model.outputs}
        return dict(told, report=model.report()), ()

    def do_predict(self, header: Any, tensors: Any) -> tuple[dict[str, Any], Any]:
        """The outputs for the tensors fed, and how long the framework took."""
        began = time.perf_counter_ns()
        outputs = self._models[header["model"]].predict(tensors)
        took = time.perf_counter_ns() - began
        return {"duration_ns": took, "cpu_ns": time.process_time_ns()}, plain(outputs)

    def do_keep(self, header: Any, tensors: Any) -> tuple[dict[str, Any], Any]:
        """Keep the tensors of one more prediction of query `query`."""
        self._kept[header["model"]].setdefault(header["query"], []).append(tensors)
        return {}, ()

    def do_forget(self, header: Any, _tensors: Any) -> tuple[dict[str, Any], Any]:
        """Let go of all that was kept."""
        self._kept[header["model"]] = {}
        return {}, ()

    def do_loop(self, header: Any, tensors: Any) -> tuple[dict[str, Any], Any]:
        """Answer the queries of `order` one after another until the rule or the round ends."""
        model, kept = self._models[header["model"]], self._kept[header["model"]]
        columns = timed_loop(model.predict, kept, tensors["order"].tolist(), header)
        ended = columns.pop("ended")
        return {"ended": ended}, [(name, as_tensor(each)) for name, each in columns.items()]

    def do_profile_start(self, header: Any, _tensors: Any) -> tuple[dict[str, Any], Any]:
        """When the framework's own profiler began."""
        return {"start_ns": self._models[header["model"]].profile_start_ns()}, ()

    def do_profile_end(self, header: Any, _tensors: Any) -> tuple[dict[str, Any], Any]:
        """Where the framework's own profiler has written what it saw, as it is."""
        return {"path": self._models[header["model"]].end_profile()}, ()

    def do_close(self, header: Any, _tensors: Any) -> tuple[dict[str, Any], Any]:
        """Let go of the model."""
        self._models[header["model"]], self._kept[header["model"]] = None, {}
        return {}, ()


def timed_loop(
    predict: Any, kept: dict[int, list[Any]], order: list[int], rule: dict[str, Any]
) -> dict[str, Any]:
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
            sys.stderr.write(f"query failed: {error}\n")
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


def is_over(rule: dict[str, Any], queries: int, elapsed_ns: int) -> bool:
    """Whether the run has seen enough."""
    enough = queries >= rule["min_queries"] and elapsed_ns >= rule["min_duration_ns"]
    too_many = 0 < rule["max_queries"] <= queries
    too_long = 0 < rule["max_duration_ns"] <= elapsed_ns
    return bool(enough or too_many or too_long)


def as_tensor(numbers: array[int]) -> Any:
    """An `array` as a NumPy array."""
    import numpy as np

    return np.frombuffer(numbers.tobytes(), dtype={"q": np.int64, "b": np.int8}[numbers.typecode])


def plain(outputs: Any) -> list[tuple[str, Any]]:
    """Pairs of a name and an array that lies row by row."""
    import numpy as np

    return [(name, np.asarray(value, order="C")) for name, value in outputs]


CPP_TYPES = {"float": "float32", "double": "float64"}
OPTIMIZATION = {
    "all": "ORT_ENABLE_ALL",
    "extended": "ORT_ENABLE_EXTENDED",
    "basic": "ORT_ENABLE_BASIC",
    "disabled": "ORT_DISABLE_ALL",
}


class OnnxRuntimeModel:
    """A session on the CPU."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options["threads"]
        settings.inter_op_num_threads = options["inter_op_threads"]
        settings.log_severity_level = 4
        level = OPTIMIZATION[options["graph_optimization"]]
        settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        if options["inter_op_threads"] > 1:
            settings.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
        if "profile" in options:
            settings.enable_profiling = True
            settings.profile_file_prefix = options["profile"]
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(path, settings, providers=providers)
        self._settings, self._options = settings, options
        self.inputs = [self._spec(value) for value in self._session.get_inputs()]
        self.outputs = [self._spec(value) for value in self._session.get_outputs()]
        self._names = [name for name, _, _ in self.outputs]

    def _spec(self, value: Any) -> list[Any]:
        word = value.type[len("tensor(") : -1]
        shape = [size if isinstance(size, int) else None for size in value.shape]
        return [value.name, CPP_TYPES.get(word, word), shape]

    def report(self) -> dict[str, Any]:
        """Settings of the session."""
        return {
            "precision": "float32",
            "device": "cpu",
            "providers": ", ".join(self._session.get_providers()),
            "threads": self._settings.intra_op_num_threads,
            "inter_op_threads": self._settings.inter_op_num_threads,
            "graph_optimization": self._options["graph_optimization"],
        }

    def predict(self, feeds: dict[str, Any]) -> Any:
        """Pairs of a name and its array."""
        arrays = self._session.run(self._names, feeds)
        return zip(self._names, arrays)  # noqa: B905 - strict is newer than Python 3.7

    def profile_start_ns(self) -> int:
        """When its profiler began."""
        return int(self._session.get_profiling_start_time_ns())

    def end_profile(self) -> str:
        """The file with all that its profiler has recorded since the model was opened."""
        return str(self._session.end_profiling())


class OpenVinoModel:
    """A model compiled for latency on the CPU."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        import openvino

        settings = {
            "INFERENCE_NUM_THREADS": options["threads"],
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": options["precision"],
        }
        core = openvino.Core()
        model = core.read_model(path)
        if options["batch_size"]:
            self._fix_batch(model, options["batch_size"])
        self._compiled = core.compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._threads = options["threads"]
        self.inputs = [self._spec(port) for port in model.inputs]
        self.outputs = [self._spec(port) for port in model.outputs]

    def _fix_batch(self, model: Any, batch_size: int) -> None:
        shapes = {}
        for port in model.inputs:
            shape = port.partial_shape
            if shape.rank.is_static and len(shape) and shape[0].is_dynamic:
                shape[0] = batch_size
                shapes[port] = shape
        if shapes:
            model.reshape(shapes)

    def _spec(self, port: Any) -> list[Any]:
        shape = [size.get_length() if size.is_static else None for size in port.partial_shape]
        dtype = port.get_element_type().to_dtype().name
        return [port.get_any_name(), dtype, shape]

    def report(self) -> dict[str, Any]:
        """What the compiled model says it does."""
        hint = self._compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        words = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
        return {"precision": words.get(hint, hint), "device": "cpu", "threads": self._threads}

    def predict(self, feeds: dict[str, Any]) -> Any:
        """Pairs of a name and its array, copied out of the request's own memory."""
        results = self._request.infer(feeds)
        return [(o[0], results[i].copy()) for i, o in enumerate(self.outputs)]


class Layers:
    """A network as plain layers: what frameworks that read no ONNX are given.

    `constants` are arrays by name; `layers` have an `op`, the names of what they take and make.
    """

    def __init__(self, folder: str) -> None:
        import numpy as np

        told = json.loads((Path(folder) / "layers.json").read_text(encoding="utf-8"))
        stored = np.load(str(Path(folder) / "weights.npz"))
        self.inputs: list[Any] = told["inputs"]
        self.outputs: list[Any] = told["outputs"]
        self.layers: list[Any] = told["layers"]
        self.constants = {name: stored[f"c{i}"] for i, name in enumerate(told["constants"])}

    def through(self, operations: Any, values: dict[str, Any]) -> list[Any]:
        """What the outputs are when `operations` make every layer from `values` by name."""
        for layer in self.layers:
            taken = [values[name] for name in layer["inputs"]]
            values[layer["output"]] = getattr(operations, layer["op"])(layer, *taken)
        return [values[name] for name, _, _ in self.outputs]


class MxNetModel:
    """A symbol of the layers, bound on the CPU once for each shape of its inputs."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        # MXNet reads it when it is imported; a stack has one model, and one process for it.
        import mxnet

        self._mxnet, self._layers = mxnet, Layers(path)
        self.inputs, self.outputs = self._layers.inputs, self._layers.outputs
        self._threads = options["threads"]
        names = [name for name, _, _ in self.inputs]
        self._weights = {n: mxnet.nd.array(v) for n, v in self._layers.constants.items()}
        values = {name: mxnet.sym.Variable(name) for name in [*names, *self._weights]}
        self._symbol = mxnet.sym.Group(self._layers.through(MxNetOperations(mxnet), values))
        self._bound: dict[Any, Any] = {}

    def report(self) -> dict[str, Any]:
        """What is known of it."""
        threads = int(os.environ.get("OMP_NUM_THREADS", self._threads))
        return {"precision": "float32", "device": "cpu", "threads": threads}

    def predict(self, feeds: dict[str, Any]) -> Any:
        """Pairs of a name and its array."""
        shapes = tuple(feeds[name].shape for name, _, _ in self.inputs)
        executor = self._bound.get(shapes)
        if executor is None:
            places = {name: self._mxnet.nd.zeros(value.shape) for name, value in feeds.items()}
            wanted = set(self._symbol.list_arguments())
            args = {n: v for n, v in dict(self._weights, **places).items() if n in wanted}
            executor = self._symbol.bind(self._mxnet.cpu(), args, grad_req="null")
            self._bound[shapes] = executor
        results = executor.forward(is_train=False, **feeds)
        return [(spec[0], result.asnumpy()) for spec, result in zip(self.outputs, results)]  # noqa: B905 - as above


class MxNetOperations:
    """Plain layers as symbols of MXNet."""

    def __init__(self, mxnet: Any) -> None:
        self._sym = mxnet.sym

    def conv(self, layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """A convolution of two dimensions."""
        x, pad = self._padded(x, layer["pads"], 0)
        more = {} if bias is None else {"bias": bias}
        # The count of filters is that of the weights, which the symbol does not know yet.
        return self._sym.Convolution(
            data=x, weight=weight, no_bias=bias is None, kernel=layer["kernel"],
            stride=layer["strides"], dilate=layer["dilations"], pad=pad,
            num_filter=layer["filters"], num_group=layer["group"], **more
        )  # fmt: skip

    def _padded(self, x: Any, pads: Any, value: float) -> Any:
        top, left, bottom, right = pads
        if (top, left) == (bottom, right):
            return x, (top, left)
        width = (0, 0, 0, 0, top, bottom, left, right)
        return self._sym.pad(x, mode="constant", pad_width=width, constant_value=value), (0, 0)

    def dense(self, layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """The last axis times a matrix of outputs × inputs."""
        more = {} if bias is None else {"bias": bias}
        return self._sym.FullyConnected(
            data=x, weight=weight, no_bias=bias is None, num_hidden=layer["filters"],
            flatten=False, **more
        )  # fmt: skip

    def max_pool(self, layer: Any, x: Any) -> Any:
        """The largest of each window."""
        x, pad = self._padded(x, layer["pads"], -3.4e38)
        window = {"kernel": layer["kernel"], "stride": layer["strides"], "pad": pad}
        return self._sym.Pooling(x, pool_type="max", **window)

    def average_pool(self, layer: Any, x: Any) -> Any:
        """The mean of each window."""
        x, pad = self._padded(x, layer["pads"], 0)
        window = {"kernel": layer["kernel"], "stride": layer["strides"], "pad": pad}
        return self._sym.Pooling(x, pool_type="avg", **window)

    def global_average_pool(self, _layer: Any, x: Any) -> Any:
        """The mean of each channel."""
        return self._sym.Pooling(x, pool_type="avg", global_pool=True, kernel=(1, 1))

    def add(self, _layer: Any, a: Any, b: Any) -> Any:
        """A sum."""
        return self._sym.broadcast_add(a, b)

    def mul(self, _layer: Any, a: Any, b: Any) -> Any:
        """A product."""
        return self._sym.broadcast_mul(a, b)

    def relu(self, _layer: Any, x: Any) -> Any:
        """Nothing below 0."""
        return self._sym.relu(x)

    def sigmoid(self, _layer: Any, x: Any) -> Any:
        """Between 0 and 1."""
        return self._sym.sigmoid(x)

    def clip(self, layer: Any, x: Any) -> Any:
        """Between two bounds."""
        low, high = layer["low"], layer["high"]
        return self._sym.clip(x, -3.4e38 if low is None else low, 3.4e38 if high is None else high)

    def concat(self, layer: Any, *parts: Any) -> Any:
        """One after the other along an axis."""
        return self._sym.concat(*parts, dim=layer["axis"])

    def softmax(self, layer: Any, x: Any) -> Any:
        """Shares of one along an axis."""
        return self._sym.softmax(x, axis=layer["axis"])

    def flatten(self, _layer: Any, x: Any) -> Any:
        """All but the first axis as one."""
        return self._sym.Flatten(x)

    def reshape(self, layer: Any, x: Any) -> Any:
        """Other axes; 0 is the batch as it is."""
        return self._sym.reshape(x, shape=layer["shape"])

    def transpose(self, layer: Any, x: Any) -> Any:
        """Axes in another order."""
        return self._sym.transpose(x, axes=layer["perm"])

    def identity(self, _layer: Any, x: Any) -> Any:
        """The same."""
        return x


class JaxModel:
    """The layers as one function, compiled for each shape of its inputs when it first comes."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        import jax

        layers = Layers(path)
        self.inputs, self.outputs = layers.inputs, layers.outputs
        self._jax, self._threads = jax, options["threads"]
        self._weights = jax.device_put(layers.constants)
        operations = JaxOperations(jax)

        def network(weights: Any, feeds: Any) -> Any:
            return layers.through(operations, dict(weights, **feeds))

        self._function = jax.jit(network)

    def report(self) -> dict[str, Any]:
        """What it was asked for; XLA tells nothing."""
        told = {"precision": "float32", "matmul_precision": "highest", "device": "cpu"}
        return dict(told, threads=self._threads)

    def predict(self, feeds: dict[str, Any]) -> Any:
        """Pairs of a name and its array."""
        import numpy as np

        with self._jax.default_matmul_precision("highest"):
            results = self._function(self._weights, feeds)
        return [(spec[0], np.array(results[i])) for i, spec in enumerate(self.outputs)]


class JaxOperations:
    """Plain layers as functions of JAX."""

    def __init__(self, jax: Any) -> None:
        self._jax, self._lax, self._numpy = jax, jax.lax, jax.numpy

    def conv(self, layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """A convolution of two dimensions."""
        top, left, bottom, right = layer["pads"]
        made = self._lax.conv_general_dilated(
            x,
            weight,
            layer["strides"],
            ((top, bottom), (left, right)),
            rhs_dilation=layer["dilations"],
            dimension_numbers=("NCHW", "OIHW", "NCHW"),
            feature_group_count=layer["group"],
        )
        return made if bias is None else made + bias.reshape(1, -1, 1, 1)

    def dense(self, _layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """The last axis times a matrix of outputs × inputs."""
        made = x @ weight.T
        return made if bias is None else made + bias

    def _pooled(self, layer: Any, x: Any, start: float, combine: Any) -> Any:
        top, left, bottom, right = layer["pads"]
        window, strides = (1, 1, *layer["kernel"]), (1, 1, *layer["strides"])
        pads = ((0, 0), (0, 0), (top, bottom), (left, right))
        return self._lax.reduce_window(x, start, combine, window, strides, pads)

    def max_pool(self, layer: Any, x: Any) -> Any:
        """The largest of each window."""
        return self._pooled(layer, x, -self._numpy.inf, self._lax.max)

    def average_pool(self, layer: Any, x: Any) -> Any:
        """The mean of each window."""
        height, width = layer["kernel"]
        return self._pooled(layer, x, 0.0, self._lax.add) / (height * width)

    def global_average_pool(self, _layer: Any, x: Any) -> Any:
        """The mean of each channel."""
        return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)

    def add(self, _layer: Any, a: Any, b: Any) -> Any:
        """A sum."""
        return a + b

    def mul(self, _layer: Any, a: Any, b: Any) -> Any:
        """A product."""
        return a * b

    def relu(self, _layer: Any, x: Any) -> Any:
        """Nothing below 0."""
        return self._numpy.maximum(x, 0)

    def sigmoid(self, _layer: Any, x: Any) -> Any:
        """Between 0 and 1."""
        return self._jax.nn.sigmoid(x)

    def clip(self, layer: Any, x: Any) -> Any:
        """Between two bounds."""
        return self._numpy.clip(x, layer["low"], layer["high"])

    def concat(self, layer: Any, *parts: Any) -> Any:
        """One after the other along an axis."""
        return self._numpy.concatenate(parts, axis=layer["axis"])

    def softmax(self, layer: Any, x: Any) -> Any:
        """Shares of one along an axis."""
        return self._jax.nn.softmax(x, axis=layer["axis"])

    def flatten(self, _layer: Any, x: Any) -> Any:
        """All but the first axis as one."""
        return x.reshape(x.shape[0], -1)

    def reshape(self, layer: Any, x: Any) -> Any:
        """Other axes; 0 is the batch as it is."""
        return x.reshape([size or x.shape[0] for size in layer["shape"]])

    def transpose(self, layer: Any, x: Any) -> Any:
        """Axes in another order."""
        return x.transpose(layer["perm"])

    def identity(self, _layer: Any, x: Any) -> Any:
        """The same."""
        return x


class TorchModel:
    """The layers called one after another, without gradients."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        import torch

        torch.set_num_threads(options["threads"])
        self._torch, self._layers = torch, Layers(path)
        self.inputs, self.outputs = self._layers.inputs, self._layers.outputs
        constants = self._layers.constants
        self._weights = {name: torch.from_numpy(value) for name, value in constants.items()}
        self._operations = TorchOperations(torch)

    def report(self) -> dict[str, Any]:
        """What PyTorch says of its threads."""
        threads = self._torch.get_num_threads()
        return {"precision": "float32", "device": "cpu", "threads": threads}

    def predict(self, feeds: dict[str, Any]) -> Any:
        """Pairs of a name and its array, none of which is an array that was fed."""
        fed = {name: self._torch.from_numpy(value) for name, value in feeds.items()}
        with self._torch.no_grad():
            results = self._layers.through(self._operations, dict(self._weights, **fed))
            return [(spec[0], results[i].clone().numpy()) for i, spec in enumerate(self.outputs)]


class TorchOperations:
    """Plain layers as functions of PyTorch."""

    def __init__(self, torch: Any) -> None:
        self._torch, self._functional = torch, torch.nn.functional

    def _padded(self, x: Any, pads: Any, value: float) -> tuple[Any, tuple[int, int]]:
        top, left, bottom, right = pads
        if (top, left) == (bottom, right):
            return x, (top, left)
        return self._functional.pad(x, (left, right, top, bottom), value=value), (0, 0)

    def conv(self, layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """A convolution of two dimensions."""
        x, pad = self._padded(x, layer["pads"], 0.0)
        strides, dilations = layer["strides"], layer["dilations"]
        return self._functional.conv2d(x, weight, bias, strides, pad, dilations, layer["group"])

    def dense(self, _layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """The last axis times a matrix of outputs × inputs."""
        return self._functional.linear(x, weight, bias)

    def max_pool(self, layer: Any, x: Any) -> Any:
        """The largest of each window."""
        x, pad = self._padded(x, layer["pads"], float("-inf"))
        window = (layer["kernel"], layer["strides"], pad, layer["dilations"])
        return self._functional.max_pool2d(x, *window)

    def average_pool(self, layer: Any, x: Any) -> Any:
        """The mean of each window."""
        x, pad = self._padded(x, layer["pads"], 0.0)
        return self._functional.avg_pool2d(x, layer["kernel"], layer["strides"], pad)

    def global_average_pool(self, _layer: Any, x: Any) -> Any:
        """The mean of each channel."""
        return x.mean(dim=tuple(range(2, x.dim())), keepdim=True)

    def add(self, _layer: Any, a: Any, b: Any) -> Any:
        """A sum."""
        return a + b

    def mul(self, _layer: Any, a: Any, b: Any) -> Any:
        """A product."""
        return a * b

    def relu(self, _layer: Any, x: Any) -> Any:
        """Nothing below 0."""
        return self._torch.relu(x)

    def sigmoid(self, _layer: Any, x: Any) -> Any:
        """Between 0 and 1."""
        return self._torch.sigmoid(x)

    def clip(self, layer: Any, x: Any) -> Any:
        """Between two bounds."""
        return self._torch.clamp(x, layer["low"], layer["high"])

    def concat(self, layer: Any, *parts: Any) -> Any:
        """One after the other along an axis."""
        return self._torch.cat(parts, dim=layer["axis"])

    def softmax(self, layer: Any, x: Any) -> Any:
        """Shares of one along an axis."""
        return self._torch.softmax(x, dim=layer["axis"])

    def flatten(self, _layer: Any, x: Any) -> Any:
        """All but the first axis as one."""
        return x.flatten(1)

    def reshape(self, layer: Any, x: Any) -> Any:
        """Other axes; 0 is the batch as it is."""
        return x.reshape([size or x.shape[0] for size in layer["shape"]])

    def transpose(self, layer: Any, x: Any) -> Any:
        """Axes in another order."""
        return x.permute(layer["perm"])

    def identity(self, _layer: Any, x: Any) -> Any:
        """The same."""
        return x


class TensorFlowModel:
    """A graph of the layers in a session, as TensorFlow 1 has them and TensorFlow 2 still runs."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        import tensorflow

        self._tf = tensorflow.compat.v1
        layers = Layers(path)
        self.inputs, self.outputs = layers.inputs, layers.outputs
        self._threads = options["threads"]
        with tensorflow.Graph().as_default() as graph:
            values: dict[str, Any] = {n: self._tf.constant(v) for n, v in layers.constants.items()}
            self._places = {name: self._place(dtype, shape) for name, dtype, shape in self.inputs}
            made = layers.through(TensorFlowOperations(self._tf), dict(values, **self._places))
            # No output may be what was fed: a session hands that back as it is.
            self._fetches = [self._tf.identity(value) for value in made]
        settings = self._tf.ConfigProto(
            intra_op_parallelism_threads=self._threads, inter_op_parallelism_threads=1
        )
        self._session = self._tf.Session(graph=graph, config=settings)

    def _place(self, dtype: str, shape: Any) -> Any:
        return self._tf.placeholder(dtype, shape)

    def report(self) -> dict[str, Any]:
        """What the session was made with."""
        return {"precision": "float32", "device": "cpu", "threads": self._threads}

    def predict(self, feeds: dict[str, Any]) -> Any:
        """Pairs of a name and its array."""
        fed = {self._places[name]: value for name, value in feeds.items()}
        results = self._session.run(self._fetches, fed)
        return [(spec[0], results[i]) for i, spec in enumerate(self.outputs)]


class TensorFlowOperations:
    """Plain layers as nodes of a graph; what has windows is turned, since the CPU wants NHWC."""

    def __init__(self, tf: Any) -> None:
        self._tf = tf

    def _turned(self, x: Any, pads: Any, value: float) -> Any:
        top, left, bottom, right = pads
        x = self._tf.transpose(x, (0, 2, 3, 1))
        if not any(pads):
            return x
        ends = ((0, 0), (top, bottom), (left, right), (0, 0))
        return self._tf.pad(x, ends, constant_values=value)

    def _back(self, x: Any) -> Any:
        return self._tf.transpose(x, (0, 3, 1, 2))

    def conv(self, layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """A convolution of two dimensions."""
        turned, groups = self._turned(x, layer["pads"], 0.0), layer["group"]
        if groups > 1 and groups == int(x.shape[1]) == layer["filters"]:
            made = self._depthwise(layer, turned, weight)
        else:
            parts = [
                self._convolved(layer, part, some)
                for part, some in zip(  # noqa: B905 - strict is newer than Python 3.7
                    self._tf.split(turned, groups, axis=3), self._tf.split(weight, groups, axis=0)
                )
            ]
            made = parts[0] if groups == 1 else self._tf.concat(parts, axis=3)
        return self._back(made if bias is None else self._tf.nn.bias_add(made, bias))

    def _convolved(self, layer: Any, x: Any, weight: Any) -> Any:
        return self._tf.nn.conv2d(
            x,
            self._tf.transpose(weight, (2, 3, 1, 0)),
            strides=layer["strides"],
            dilations=layer["dilations"],
            padding="VALID",
        )

    def _depthwise(self, layer: Any, x: Any, weight: Any) -> Any:
        return self._tf.nn.depthwise_conv2d(
            x,
            self._tf.transpose(weight, (2, 3, 0, 1)),
            strides=(1, *layer["strides"], 1),
            rate=layer["dilations"],
            padding="VALID",
        )

    def dense(self, _layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """The last axis times a matrix of outputs × inputs."""
        made = self._tf.tensordot(x, weight, ((len(x.shape) - 1,), (1,)))
        return made if bias is None else made + bias

    def max_pool(self, layer: Any, x: Any) -> Any:
        """The largest of each window."""
        turned = self._turned(x, layer["pads"], -3.4e38)
        window = {"ksize": layer["kernel"], "strides": layer["strides"], "padding": "VALID"}
        return self._back(self._tf.nn.max_pool2d(turned, **window))

    def average_pool(self, layer: Any, x: Any) -> Any:
        """The mean of each window."""
        turned = self._turned(x, layer["pads"], 0.0)
        window = {"ksize": layer["kernel"], "strides": layer["strides"], "padding": "VALID"}
        return self._back(self._tf.nn.avg_pool2d(turned, **window))

    def global_average_pool(self, _layer: Any, x: Any) -> Any:
        """The mean of each channel."""
        return self._tf.reduce_mean(x, axis=(2, 3), keepdims=True)

    def add(self, _layer: Any, a: Any, b: Any) -> Any:
        """A sum."""
        return a + b

    def mul(self, _layer: Any, a: Any, b: Any) -> Any:
        """A product."""
        return a * b

    def relu(self, _layer: Any, x: Any) -> Any:
        """Nothing below 0."""
        return self._tf.nn.relu(x)

    def sigmoid(self, _layer: Any, x: Any) -> Any:
        """Between 0 and 1."""
        return self._tf.sigmoid(x)

    def clip(self, layer: Any, x: Any) -> Any:
        """Between two bounds."""
        low, high = layer["low"], layer["high"]
        x = x if low is None else self._tf.maximum(x, low)
        return x if high is None else self._tf.minimum(x, high)

    def concat(self, layer: Any, *parts: Any) -> Any:
        """One after the other along an axis."""
        return self._tf.concat(parts, axis=layer["axis"])

    def softmax(self, layer: Any, x: Any) -> Any:
        """Shares of one along an axis."""
        return self._tf.nn.softmax(x, axis=layer["axis"])

    def flatten(self, _layer: Any, x: Any) -> Any:
        """All but the first axis as one."""
        size = 1
        for each in x.shape[1:]:
            size *= int(each)
        return self._tf.reshape(x, (-1, size))

    def reshape(self, layer: Any, x: Any) -> Any:
        """Other axes; 0 is the batch as it is."""
        return self._tf.reshape(x, [s or self._tf.shape(x)[0] for s in layer["shape"]])

    def transpose(self, layer: Any, x: Any) -> Any:
        """Axes in another order."""
        return self._tf.transpose(x, layer["perm"])

    def identity(self, _layer: Any, x: Any) -> Any:
        """The same."""
        return x


MODELS: dict[str, Any] = {
    "onnxruntime": OnnxRuntimeModel,
    "openvino": OpenVinoModel,
    "mxnet": MxNetModel,
    "jax": JaxModel,
    "tensorflow": TensorFlowModel,
    "torch": TorchModel,
}


def die_with_parent() -> None:
    """End when the parent ends, though the framework may hang and never read again."""
    # Only Linux has it; elsewhere the worker ends at its next read.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def private_channel() -> Channel:
    """Standard input and output for frames alone; what a framework prints goes to the errors."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Channel(os.fdopen(os.dup(0), "rb"), sink)


def answered(
    answers: Answers, header: dict[str, Any], tensors: dict[str, Any]
) -> tuple[dict[str, Any], Any]:
    """The answer to one request; whatever a framework raises is told in its own words."""
    try:
        answer: tuple[dict[str, Any], Any] = getattr(answers, f"do_{header['do']}")(header, tensors)
        return answer
    # Frameworks raise whatever they like.
    except Exception as error:
        return {"error": {"kind": type(error).__name__, "what": str(error)}}, ()


def main() -> None:
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
