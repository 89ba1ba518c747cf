"""GGUF files that ktlm export writes, read by llama.cpp's own Python package: metadata, names and order of the weights, and the
bytes of every form, which are those of its reference quantization.

gguf_reader_test.py KTLM: KTLM is the program. Exits with 77, which ctest counts as skipped, where the package gguf is missing.
"""

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

try:
    import gguf
    import numpy as np
except ImportError:
    print("no Python package gguf here")
    sys.exit(77)

KTLM = str(pathlib.Path(sys.argv.pop(1)).resolve())
TOKENIZER = pathlib.Path(__file__).resolve().parents[1] / "data" / "tokenizer" / "trained"
VOCAB, WIDTH, HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_DIM = 700, 64, 96, 2, 4, 2, 16


def make_weights(qk_norm):
    random = np.random.default_rng(1)
    shapes = {"model.embed_tokens": (VOCAB, WIDTH), "model.norm": (WIDTH,), "lm_head": (VOCAB, WIDTH)}
    for layer in range(LAYERS):
        parts = {"input_layernorm": (WIDTH,), "self_attn.q_proj": (HEADS * HEAD_DIM, WIDTH), "self_attn.k_proj": (KV_HEADS * HEAD_DIM, WIDTH),
                 "self_attn.v_proj": (KV_HEADS * HEAD_DIM, WIDTH), "self_attn.o_proj": (WIDTH, HEADS * HEAD_DIM),
                 "post_attention_layernorm": (WIDTH,), "mlp.gate_proj": (HIDDEN, WIDTH), "mlp.up_proj": (HIDDEN, WIDTH),
                 "mlp.down_proj": (WIDTH, HIDDEN)}
        if qk_norm:
            parts |= {"self_attn.q_norm": (HEAD_DIM,), "self_attn.k_norm": (HEAD_DIM,)}
        shapes |= {f"model.layers.{layer}.{name}": shape for name, shape in parts.items()}
    return {name + ".weight": random.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()}


def write_model(directory, weights, qk_norm):
    shutil.copytree(TOKENIZER, directory)
    (directory / "config.json").write_text(json.dumps({
        "model_type": "qwen3" if qk_norm else "llama", "vocab_size": VOCAB, "hidden_size": WIDTH, "intermediate_size": HIDDEN,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM,
        "max_position_embeddings": 128, "rms_norm_eps": 1e-6, "rope_theta": 20000.0, "tie_word_embeddings": False}))
    header, offset = {}, 0
    for name, values in weights.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + b"".join(values.tobytes() for values in weights.values())
    (directory / "model.safetensors").write_bytes(content)


def in_llama_cpps_order(values, heads):
    """Rows as convert_hf_to_gguf.py has them: channels i and i + HEAD_DIM / 2 side by side."""
    return values.reshape(heads, 2, HEAD_DIM // 2, -1).swapaxes(1, 2).reshape(values.shape)


class GgufReader(unittest.TestCase):
    def export(self, weights_form, qk_norm=False):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        weights = make_weights(qk_norm)
        write_model(folder / "model", weights, qk_norm)
        file = folder / "model.gguf"
        subprocess.run([KTLM, "export", "-q", "--gguf", weights_form, "--model", str(folder / "model"), "--out", str(file)], check=True,
                       capture_output=True)
        return weights, gguf.GGUFReader(file)

    def test_names_are_those_of_the_architecture(self):
        for qk_norm, architecture in ((False, gguf.MODEL_ARCH.LLAMA), (True, gguf.MODEL_ARCH.QWEN3)):
            weights, reader = self.export("f32", qk_norm)
            names = gguf.get_tensor_name_map(architecture, LAYERS)
            expected = {names.get_name(name, try_suffixes=(".weight",)) for name in weights}
            self.assertEqual({tensor.name for tensor in reader.tensors}, expected)

    def test_bytes_of_every_form_are_the_references(self):
        for form in ("f32", "f16", "q8_0", "q4_0"):
            weights, reader = self.export(form)
            names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, LAYERS)
            of_name = {names.get_name(name, try_suffixes=(".weight",)): values for name, values in weights.items()}
            for tensor in reader.tensors:
                values = of_name[tensor.name]
                if tensor.name.endswith("attn_q.weight"):
                    values = in_llama_cpps_order(values, HEADS)
                if tensor.name.endswith("attn_k.weight"):
                    values = in_llama_cpps_order(values, KV_HEADS)
                expected = gguf.quants.quantize(values, tensor.tensor_type)
                np.testing.assert_array_equal(np.asarray(tensor.data).view(np.uint8).ravel(), expected.view(np.uint8).ravel(),
                                              err_msg=f"{form} {tensor.name} {tensor.tensor_type.name}")
            wanted = {"f32": "F32", "f16": "F16", "q8_0": "Q8_0", "q4_0": "Q4_0"}[form]
            kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
            self.assertEqual(kinds["token_embd.weight"], wanted)
            self.assertEqual(kinds["output.weight"], "Q8_0" if form == "q4_0" else wanted)
            self.assertEqual(kinds["output_norm.weight"], "F32")

    def test_metadata_tells_shape_and_vocabulary(self):
        _, reader = self.export("q8_0", qk_norm=True)
        value = {key: field.contents() for key, field in reader.fields.items()}
        self.assertEqual(value["general.architecture"], "qwen3")
        self.assertEqual(value["general.file_type"], gguf.LlamaFileType.MOSTLY_Q8_0)
        shape = {"vocab_size": VOCAB, "context_length": 128, "embedding_length": WIDTH, "block_count": LAYERS, "feed_forward_length": HIDDEN,
                 "attention.head_count": HEADS, "attention.head_count_kv": KV_HEADS, "attention.key_length": HEAD_DIM,
                 "attention.value_length": HEAD_DIM, "rope.dimension_count": HEAD_DIM, "rope.freq_base": 20000.0}
        self.assertEqual({key: value["qwen3." + key] for key in shape}, shape)
        self.assertAlmostEqual(value["qwen3.attention.layer_norm_rms_epsilon"], 1e-6, places=12)
        tokens, kinds = value["tokenizer.ggml.tokens"], value["tokenizer.ggml.token_type"]
        self.assertEqual(len(tokens), VOCAB)
        self.assertEqual(tokens[:6], ["<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>"])
        self.assertEqual(kinds[:6], [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 5)
        self.assertEqual(tokens[16 + 10], "<0x0A>")
        self.assertEqual(kinds[16 + 10], gguf.TokenType.BYTE)
        # A later merge has a lower score.
        scores = [score for score, kind in zip(value["tokenizer.ggml.scores"], kinds) if kind == gguf.TokenType.NORMAL]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertEqual([value[f"tokenizer.ggml.{name}_token_id"] for name in ("unknown", "bos", "eos", "padding", "eot")], [0, 1, 2, 3, 5])
        self.assertEqual([value[f"tokenizer.ggml.add_{name}"] for name in ("bos_token", "eos_token", "space_prefix")], [True, False, False])
        config = json.loads((TOKENIZER / "tokenizer_config.json").read_text(encoding="utf-8"))
        self.assertEqual(value["tokenizer.chat_template"], config["chat_template"])

    def test_what_others_quantized_is_imported_as_it_stands_there(self):
        width, random = 256, np.random.default_rng(2)
        form = gguf.GGMLQuantizationType
        parts = {"attn_q": (width, form.Q4_K), "attn_k": (width, form.Q6_K), "attn_v": (width, form.BF16), "attn_output": (width, form.F16),
                 "ffn_gate": (width, form.Q4_0), "ffn_up": (width, form.Q8_0), "ffn_down": (width, form.F32)}
        source = json.loads((TOKENIZER / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        with tempfile.TemporaryDirectory() as folder:
            file, out = pathlib.Path(folder) / "a.gguf", pathlib.Path(folder) / "out"
            writer = gguf.GGUFWriter(file, "qwen3")
            for key, value in (("context_length", 64), ("embedding_length", width), ("block_count", 1), ("feed_forward_length", width)):
                writer.add_uint32("qwen3." + key, value)
            writer.add_head_count(2)
            writer.add_head_count_kv(2)
            writer.add_layer_norm_rms_eps(1e-6)
            writer.add_tokenizer_model("llama")
            writer.add_token_list(list(source))
            writer.add_token_scores([-float(i) for i in range(VOCAB)])
            writer.add_token_types([2, 3, 3, 3] + [1] * (VOCAB - 4))
            expected = {}
            matrices = {"token_embd": (VOCAB, form.Q8_0), "output": (VOCAB, form.Q6_K)}
            matrices |= {f"blk.0.{name}": part for name, part in parts.items()}
            for name, (rows, kind) in matrices.items():
                block, size = gguf.GGML_QUANT_SIZES[kind]
                if kind in (form.Q4_K, form.Q6_K):  # the package does not write these: any bytes, with scales that are numbers
                    blocks = random.integers(0, 256, (rows, width // block, size), dtype=np.uint8)
                    scale = np.array([0.01], dtype=np.float16).view(np.uint8)
                    for at in (0, 2) if kind == form.Q4_K else (208,):
                        blocks[:, :, at:at + 2] = scale
                    data = blocks.reshape(rows, -1)
                else:
                    data = gguf.quants.quantize(random.normal(0, 0.05, (rows, width)).astype(np.float32), kind)
                writer.add_tensor(name + ".weight", data, raw_dtype=kind)
                expected[name] = gguf.quants.dequantize(data, kind)
            for name, size in (("output_norm", width), ("blk.0.attn_norm", width), ("blk.0.ffn_norm", width), ("blk.0.attn_q_norm", 128),
                               ("blk.0.attn_k_norm", 128)):
                writer.add_tensor(name + ".weight", np.ones(size, np.float32))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            subprocess.run([KTLM, "import", "-q", str(file), "--out", str(out)], check=True, capture_output=True)
            content = (out / "model.safetensors").read_bytes()
        length = struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8:8 + length])
        names = {"token_embd": "model.embed_tokens", "output": "lm_head", "blk.0.attn_q": "model.layers.0.self_attn.q_proj",
                 "blk.0.attn_k": "model.layers.0.self_attn.k_proj", "blk.0.attn_v": "model.layers.0.self_attn.v_proj",
                 "blk.0.attn_output": "model.layers.0.self_attn.o_proj", "blk.0.ffn_gate": "model.layers.0.mlp.gate_proj",
                 "blk.0.ffn_up": "model.layers.0.mlp.up_proj", "blk.0.ffn_down": "model.layers.0.mlp.down_proj"}
        for name, values in expected.items():
            entry = header[names[name] + ".weight"]
            data = np.frombuffer(content[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]], np.uint8)
            kinds = {"F32": form.F32, "F16": form.F16, "BF16": form.BF16}
            got = gguf.quants.dequantize(data.reshape(values.shape[0], -1), kinds[entry["dtype"]])
            np.testing.assert_array_equal(got, values, err_msg=name)


if __name__ == "__main__":
    unittest.main()
