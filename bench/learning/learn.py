"""Trains a network described in JSON in PyTorch, on batches that lie in a folder, and prints the accuracy of each epoch."""
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "train-step"))
from network import Net  # noqa: E402


def load(folder, name, dtype):
    return np.fromfile(os.path.join(folder, name), dtype)


def put(tensor, folder, name, order):
    if name is None:
        return
    shape = [tensor.shape[i] for i in np.argsort(order)]
    with torch.no_grad():
        tensor.copy_(torch.from_numpy(load(folder, name, np.float32).reshape(shape)).permute(*order))


def load_weights(net, operations, folder):
    for key, layer in net.layers.items():
        op = operations[int(key)]
        kind = op["kind"]
        if kind == "conv2d":
            put(layer.weight, folder, op["files"]["kernel"], (0, 3, 1, 2))
        elif kind == "depthwiseConv2d":
            put(layer.weight, folder, op["files"]["kernel"], (3, 0, 1, 2))
        elif kind == "dense":
            put(layer.weight, folder, op["files"]["kernel"], (0, 1))
        if kind == "batchNorm":
            put(layer.weight, folder, op["files"]["gamma"], (0,))
            put(layer.bias, folder, op["files"]["beta"], (0,))
        elif op["hasBias"]:
            put(layer.bias, folder, op["files"]["bias"], (0,))


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    with open(os.path.join(folder, "network.json")) as file:
        described = json.load(file)
    net = Net(described)
    load_weights(net, described["operations"], folder)
    shape, size = described["inputShape"], described["batchSize"]

    def images(name):
        x = torch.from_numpy(load(folder, name, np.float32).reshape(-1, *shape))
        return x.permute(0, 3, 1, 2).contiguous() if len(shape) == 3 else x

    x, labels = images("train.f32"), torch.from_numpy(load(folder, "train.i32", np.int32)).long()
    test_x, test_labels = images("test.f32"), torch.from_numpy(load(folder, "test.i32", np.int32)).long()
    optimizer = torch.optim.Adam(net.parameters(), described["rate"], eps=1e-7)
    for epoch in range(described["epochs"]):
        order = torch.from_numpy(load(folder, f"order{epoch}.u32", np.uint32).astype(np.int64))
        net.train()
        loss_sum = correct = 0
        start = time.perf_counter()
        for i in range(0, len(order), size):
            indices = order[i : i + size]
            optimizer.zero_grad(set_to_none=True)
            output = net(x[indices])
            loss = F.cross_entropy(output, labels[indices])
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(indices)
            correct += (output.argmax(1) == labels[indices]).sum().item()
        seconds = time.perf_counter() - start
        net.eval()
        with torch.no_grad():
            right = sum((net(test_x[i : i + 250]).argmax(1) == test_labels[i : i + 250]).sum().item() for i in range(0, len(test_x), 250))
        print(json.dumps({"epoch": epoch + 1, "loss": loss_sum / len(order), "accuracy": correct / len(order), "test": right / len(test_x), "seconds": seconds}), flush=True)


main()
