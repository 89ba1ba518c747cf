"""Reads the event files of a folder with TensorBoard's own reader and compares them with what metrics_test.cpp wrote."""
import sys

from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


def read(events, tag):
    return [(e.step, e.wall_time, tensor_util.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)]


def main(folder):
    events = EventAccumulator(folder).Reload()
    assert events.file_version == 2.0, events.file_version

    loss = [(step, time, float(value)) for step, time, value in read(events, "train/loss")]
    assert loss == [(1, 1001.5, 8.0), (2, 1002.5, 4.0), (3, 1003.5, 2.6666667461395264), (4, 2000.0, 1.75)], loss
    assert events.SummaryMetadata("train/loss").plugin_data.plugin_name == "scalars"

    korean_tag = [(step, round(float(value) * 1e9, 5)) for step, _, value in read(events, "한글")]
    assert korean_tag == [(1, -1.0), (2, -1.0), (3, -1.0)], korean_tag

    texts = [(step, value[0].decode()) for step, _, value in read(events, "sample/1")]
    assert texts == [(2, "옛날 옛적에"), (300, "a" * 200)], texts
    configs = [(step, value[0].decode()) for step, _, value in read(events, "config")]
    assert configs == [(0, "```yaml\nmodel:\n  d_model: 8\n```\n")], configs
    assert events.SummaryMetadata("sample/1").plugin_data.plugin_name == "text"


main(sys.argv[1])
