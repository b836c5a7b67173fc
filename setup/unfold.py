"""Unfolds a block-quantised ONNX network into the float network it stands for.

    python3 unfold.py SOURCE TARGET

The OpenCV Zoo's `int8bq` files keep each weight as small integers with one scale for every block of them:

    integers -> DequantizeLinear(block_size=...) -> [Reshape] -> Conv or Gemm

That is a form for storage, not for arithmetic: every runtime first turns the weights back into floats. Some cannot
read it, because its initializers are listed among the graph's inputs as well (issue 313 of opencv_zoo). So this does
the turning back once, ahead of time. Nothing is approximated: (integer - zero point) * scale is the same single
float32 multiplication that the runtime would have done, so the unfolded network computes what the stored one does.

The same source gives the same bytes, so that the result can be pinned by its hash.
"""

import sys

import numpy
import onnx
from onnx import helper, numpy_helper


def dequantised(integers, scale, zero_point, axis, block_size):
    """The floats which `integers` stand for: one scale for all, one for each index of `axis`, or one for each block."""
    if block_size:
        # The last block may be a short one; hence the cut.
        here = [slice(None)] * integers.ndim
        here[axis] = slice(0, integers.shape[axis])
        scale, zero_point = (numpy.repeat(x, block_size, axis)[tuple(here)] for x in (scale, zero_point))
    elif scale.size > 1:
        along = [1] * integers.ndim
        along[axis] = -1
        scale, zero_point = scale.reshape(along), zero_point.reshape(along)
    return (integers.astype(numpy.float32) - zero_point.astype(numpy.float32)) * scale.astype(numpy.float32)


def unfold(model):
    """Changes `model` in place: weights become float initializers, and only real inputs remain inputs."""
    graph = model.graph
    stored = {each.name: each for each in graph.initializer}
    unfolded = {}
    remaining = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and all(name in stored for name in node.input if name):
            attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
            integers, scale, *zero_point = (numpy_helper.to_array(stored[name]) for name in node.input if name)
            unfolded[node.output[0]] = dequantised(
                integers,
                scale,
                zero_point[0] if zero_point else numpy.zeros_like(scale),
                attributes.get("axis", 1),
                attributes.get("block_size", 0),
            )
        elif node.op_type == "Reshape" and node.input[0] in unfolded and node.input[1] in stored:
            # Blocks are cut from a matrix; this gives the weights of a convolution their own shape again.
            shape = numpy_helper.to_array(stored[node.input[1]])
            unfolded[node.output[0]] = unfolded[node.input[0]].reshape(shape)
        else:
            remaining.append(node)

    read = {name for node in remaining for name in node.input}
    weights = [each for each in graph.initializer if each.name in read]
    weights += [numpy_helper.from_array(each, name) for name, each in unfolded.items() if name in read]
    # The quantiser left the names of weights among the inputs; only what nothing in the file gives is a real input.
    given = {each.name for each in weights}
    inputs = [each for each in graph.input if each.name in read and each.name not in given]
    for field, items in ((graph.node, remaining), (graph.initializer, weights), (graph.input, inputs)):
        del field[:]
        field.extend(items)
    # Notes on shapes in between, some of them of tensors that are no more. A runtime works them out itself.
    del graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)


def main():
    source, target = sys.argv[1:]
    model = onnx.load(source)
    unfold(model)
    with open(target, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
