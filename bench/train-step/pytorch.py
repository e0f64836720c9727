"""Training steps of a network described in JSON, for comparison. One description in, then wall and processor time in ms a line asked."""
import json
import sys
import time

import torch
import torch.nn.functional as F

from network import Net


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    described = json.loads(sys.stdin.readline())
    net = Net(described)
    shape, n = described["inputShape"], described["batchSize"]
    x = torch.randn(n, shape[2], shape[0], shape[1]) if len(shape) == 3 else torch.randn(n, *shape)
    labels = torch.randint(0, 10, (n,))
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    print(0, flush=True)
    for _ in sys.stdin:
        start, before = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        optimizer.step()
        print((time.perf_counter() - start) * 1000, (time.process_time() - before) * 1000, flush=True)


main()
