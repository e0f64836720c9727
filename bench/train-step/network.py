"""A network described in JSON as a module of PyTorch."""
import torch
import torch.nn.functional as F


def same_pads(length, kernel, stride, dilation):
    result = -(-length // stride)
    total = max((result - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
    return total // 2, total - total // 2


class Net(torch.nn.Module):
    def __init__(self, described):
        super().__init__()
        self.described = described
        self.layers = torch.nn.ModuleDict()
        for i, op in enumerate(described["operations"]):
            layer = self.make(op)
            if layer is not None:
                self.layers[str(i)] = layer

    def make(self, op):
        kind, shape, bias = op["kind"], op.get("kernelShape"), op["hasBias"]
        if kind == "conv2d":
            return torch.nn.Conv2d(shape[3], shape[0], shape[1:3], op["strides"], 0, op["dilations"], 1, bias)
        if kind == "depthwiseConv2d":
            channels = op["inputShape"][2]
            return torch.nn.Conv2d(channels, shape[3], shape[1:3], op["strides"], 0, op["dilations"], channels, bias)
        if kind == "dense":
            return torch.nn.Linear(shape[1], shape[0], bias)
        if kind == "batchNorm":
            return torch.nn.BatchNorm2d(op["outputShape"][-1], op["epsilon"], 1 - op["momentum"])
        return None

    def padded(self, op, x, kernel, value=0.0):
        if op["padding"] != "same":
            return x
        dilations = op.get("dilations", [1, 1])
        pads = [same_pads(x.shape[2 + i], kernel[i], op["strides"][i], dilations[i]) for i in (0, 1)]
        return F.pad(x, (*pads[1], *pads[0]), value=value)

    def forward(self, x):
        values = {self.described["inputs"][0]: x}
        for i, op in enumerate(self.described["operations"]):
            layer = self.layers[str(i)] if str(i) in self.layers else None
            values[op["output"]] = self.apply_operation(op, layer, [values[name] for name in op["inputs"]])
        return values[self.described["outputs"][0]]

    def apply_operation(self, op, layer, inputs):
        x, kind = inputs[0], op["kind"]
        if kind in ("conv2d", "depthwiseConv2d"):
            y = layer(self.padded(op, x, op["kernelShape"][1:3]))
        elif kind in ("dense", "batchNorm"):
            y = layer(x)
        elif kind == "activation":
            y = {"relu": F.relu, "relu6": F.relu6, "softmax": lambda v: v}[op["function"]](x)
        elif kind == "binary":
            y = x + inputs[1]
        elif kind == "pool2d":
            pool = F.max_pool2d if op["function"] == "max" else F.avg_pool2d
            y = pool(self.padded(op, x, op["size"]), op["size"], op["strides"])
        elif kind == "globalPool":
            y = x.mean((2, 3), keepdim=op["keepDimensions"])
        elif kind == "pad":
            (top, bottom), (left, right), _ = op["paddings"]
            y = F.pad(x, (left, right, top, bottom))
        elif kind == "reshape":
            shape = op["outputShape"]
            # Channels are last in the network, so its flat vectors are in that order.
            last = x.permute(0, 2, 3, 1) if x.dim() == 4 else x
            y = x.reshape(x.shape[0], shape[2], *shape[:2]) if len(shape) == 3 else last.reshape(x.shape[0], *shape)
        elif kind == "dropout":
            y = F.dropout(x, op["rate"])
        else:
            raise ValueError(kind)
        fused = op.get("activation", "none")
        return F.relu(y) if fused == "relu" else F.relu6(y) if fused == "relu6" else y
