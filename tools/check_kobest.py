#!/usr/bin/env python3
"""Holds `ktlm eval --task kobest` against EleutherAI's lm-evaluation-harness on the same model and examples.

    tools/check_kobest.py KTLM MODEL_DIR FILE... [--limit N]

FILE holds lines of JSON, each with its "task", as ktlm takes them. The harness's own task definitions are used, with its
transformers model in fp32 on the CPU; only where the examples come from is changed, and acc_norm is asked of every task.
Prints the figures of both, and exits with 1 where any differs. Needs lm_eval (0.4.13; pip install lm_eval[hf]); without it, it exits
with 77.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TASKS = ["kobest_boolq", "kobest_copa", "kobest_hellaswag", "kobest_sentineg", "kobest_wic"]
# Other names of a line's fields -> those of skt/kobest_v1.
RENAMED = {"passage": "paragraph", "sentence1": "context_1", "sentence2": "context_2"}
TOLERANCE = 1e-12  # sums are taken in another order


def read_examples(files, limit):
    """Task -> its examples with skt/kobest_v1's fields, of each file the first `limit`."""
    examples = {}
    for file in files:
        lines = pathlib.Path(file).read_text(encoding="utf-8").splitlines()
        for line in [line for line in lines if line.strip()][:limit]:
            example = {RENAMED.get(key, key): value for key, value in json.loads(line).items()}
            name = "ending" if example["task"] == "kobest_hellaswag" else "alternative"
            for i, choice in enumerate(example.pop("choices", []), start=1):
                example[f"{name}_{i}"] = choice
            examples.setdefault(example.pop("task"), []).append(example)
    return examples


def task_config(task, file, lm_eval):
    """The harness's own definition of a task, with its examples from `file`."""
    folder = pathlib.Path(lm_eval.__file__).parent / "tasks" / "kobest"
    config = lm_eval.tasks._yaml_loader.load_yaml(folder / f"{task}.yaml", resolve_func=True)
    config.update(dataset_path="json", dataset_name=None, dataset_kwargs={"data_files": {"test": str(file)}})
    for split in ("training_split", "validation_split"):
        config.pop(split, None)
    if all(metric["metric"] != "acc_norm" for metric in config["metric_list"]):
        config["metric_list"].append({"metric": "acc_norm", "aggregation": "mean", "higher_is_better": True})
    return config


def run_harness(model, examples, folder):
    import lm_eval
    import lm_eval.models.huggingface  # noqa: F401: what is missing shows before anything is read
    import lm_eval.tasks._yaml_loader  # noqa: F401

    configs = []
    for task, of_task in examples.items():
        file = pathlib.Path(folder) / f"{task}.jsonl"
        file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in of_task), encoding="utf-8")
        configs.append(task_config(task, file, lm_eval))
    results = lm_eval.simple_evaluate(model="hf", model_args={"pretrained": model, "dtype": "float32"},
                                      tasks=configs, device="cpu", batch_size=8, bootstrap_iters=1000)["results"]
    return {task: {"questions": len(of_task),
                   **{figure: results[task][key] for figure, key in
                      [("acc", "acc,none"), ("acc_stderr", "acc_stderr,none"), ("acc_norm", "acc_norm,none"),
                       ("acc_norm_stderr", "acc_norm_stderr,none"), ("f1", "f1,none")]}}
            for task, of_task in examples.items()}


def run_ktlm(arguments):
    command = [arguments.ktlm, "eval", "-q", "--json", "--task", "kobest", "--model", arguments.model, "--device", "cpu",
               *arguments.files]
    if arguments.limit:
        command += ["--max-documents", str(arguments.limit)]
    result = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {task.pop("task"): task for task in json.loads(result)["tasks"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ktlm")
    parser.add_argument("model")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--limit", type=int, help="the first N examples of each file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # datasets reads them when it is imported.
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_DATASETS_CACHE=folder, TOKENIZERS_PARALLELISM="false")
        try:
            theirs = run_harness(arguments.model, read_examples(arguments.files, arguments.limit), folder)
        except ImportError as error:
            print(f"check_kobest: {error}; pip install lm_eval[hf]", file=sys.stderr)
            return 77
    ours = run_ktlm(arguments)
    num_different = 0
    for task in TASKS:
        if task not in theirs and task not in ours:
            continue
        for figure, their in theirs[task].items():
            our = ours[task][figure]
            same = abs(our - their) <= TOLERANCE
            num_different += not same
            print(f"{task:18} {figure:16} ktlm {our:<22} harness {their:<22} {'same' if same else 'DIFFERENT'}")
    print(f"{num_different} figures differ")
    return 1 if num_different else 0


if __name__ == "__main__":
    sys.exit(main())
