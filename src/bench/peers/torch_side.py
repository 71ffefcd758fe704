"""The PyTorch side of `deno task bench --against torch`: makes, runs and reads the works torch.ts asks for.

Messages are as conversation.ts says. Arrays come and go as NHWC and OHWI, which is how PyTorch's `channels_last` lies in
memory; every work is tried in that layout and in NCHW, and keeps the faster.
"""

import itertools
import json
import os
import struct
import sys
import time

# What a library prints must not come between the messages.
questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)


def say(header, arrays=()):
    text = json.dumps({**header, "lengths": [array.numel() for array in arrays]}).encode()
    answers.write(struct.pack("<I", len(text)) + text)
    for array in arrays:
        data = bytearray(4 * array.numel())
        torch.frombuffer(data, dtype=torch.float32).copy_(array.reshape(-1))
        answers.write(data)
    answers.flush()


def hear():
    """The next question and its arrays, or None when there are no more."""
    length = questions.read(4)
    if len(length) < 4:
        return None
    header = json.loads(questions.read(*struct.unpack("<I", length)))
    arrays = [torch.frombuffer(bytearray(questions.read(4 * n)), dtype=torch.float32) for n in header["lengths"]]
    return header, arrays


try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    say({"error": f"it has no PyTorch ({error})."})
    sys.exit()

device = "cuda" if torch.cuda.is_available() else "cpu"
tf32 = "tf32" in sys.argv[1:]
torch.backends.cuda.matmul.allow_tf32 = tf32
torch.backends.cudnn.allow_tf32 = tf32
torch.backends.cudnn.benchmark = True
# PyTorch's own choice may be fewer: it took the two processors of a virtual machine for one core.
torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def image(data, shape, layout):
    """[a, h, w, c] as the [a, c, h, w] of PyTorch; a copy, for weights change."""
    return data.view(shape).permute(0, 3, 1, 2).contiguous(memory_format=layout).to(device, copy=True)


def convolution(task, arrays, layout):
    batch, height, width, inputs = task["x"]
    outputs = task["outChannels"]
    shapes = [batch, height, width, inputs], [outputs, 3, 3, inputs], [batch, height, width, outputs]
    x, w, dy = (image(data, shape, layout) for data, shape in zip(arrays, shapes))
    if task["pass"] == "forward":
        return lambda: [F.conv2d(x, w, padding=1)]
    # What autograd calls, for the one gradient that is wanted.
    which = ["inputGradient", "weightGradient"].index(task["pass"])
    wanted = [which == 0, which == 1, False]
    backward = torch.ops.aten.convolution_backward
    return lambda: [backward(dy, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, wanted)[which]]


def batch_norm(task, arrays, layout):
    x, dy = (image(data, [1, task["pixels"], 1, task["channels"]], layout) for data in arrays[:2])
    gamma, beta = (data.to(device) for data in arrays[2:])
    sources = [value.requires_grad_() for value in (x, gamma, beta)]

    def run():
        y = F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5)
        return torch.autograd.grad(y, sources, dy)

    return run


def step(task, arrays, layout):
    images = image(arrays[0], [task["batch"], task["size"], task["size"], 3], layout)
    labels = torch.tensor(task["labels"], device=device)
    weights = [
        (image(data, shape, layout) if len(shape) == 4 else data.view(shape).to(device, copy=True)).requires_grad_()
        for data, shape in zip(arrays[1:], task["shapes"])
    ]
    optimiser = torch.optim.SGD(weights, task["rate"], momentum=0.9, weight_decay=5e-4, foreach=True)

    def run():
        value = images
        for i in range(0, len(weights) - 2, 3):
            w, gamma, beta = weights[i : i + 3]
            value = F.batch_norm(F.conv2d(value, w, padding=1), None, None, gamma, beta, training=True, eps=1e-5)
            value = F.relu(value, inplace=True)
            if i // 3 % 2 == 1:
                value = F.max_pool2d(value, 2)
        loss = F.cross_entropy(F.linear(value.mean((2, 3)), *weights[-2:]), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return [loss]

    return run


kinds = {"convolution": convolution, "batch_norm": batch_norm, "step": step}


class Work:
    def __init__(self, run):
        self.run = run

    def milliseconds(self, runs):
        wait = torch.cuda.synchronize if device == "cuda" else lambda: None
        wait()
        begun = time.perf_counter()
        for _ in range(runs):
            self.results = self.run()
        wait()
        return 1e3 * (time.perf_counter() - begun)

    def read(self):
        return [(r.permute(0, 2, 3, 1) if r.dim() == 4 else r).detach() for r in self.results]


def faster_layout(make):
    """The layout whose best of three runs after a first one is shorter."""

    def best(layout):
        work = Work(make(layout))
        return min([work.milliseconds(1) for _ in range(4)][1:])

    return min([torch.contiguous_format, torch.channels_last], key=best)


works, numbers = {}, itertools.count()


def answer(question, arrays):
    if question["do"] == "make":
        make = lambda layout: kinds[question["kind"]](question["task"], arrays, layout)
        number = next(numbers)
        works[number] = Work(make(faster_layout(make)))
        return {"work": number}, []
    work = works[question["work"]]
    if question["do"] == "run":
        return {"milliseconds": work.milliseconds(question["runs"])}, []
    if question["do"] == "read":
        return {}, work.read()
    del works[question["work"]]
    return {}, []


print(f"PyTorch {torch.__version__} on {device}{', TF32' if tf32 else ''}", file=sys.stderr)
say({"device": device})
while (heard := hear()) is not None:
    try:
        say(*answer(*heard))
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"})
