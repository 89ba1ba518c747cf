// A model directory whose answers a test knows word for word, made without training: each token has one successor. The
// embedding is the identity, attention and feed-forward layers add nothing, and the output layer's row of a token has a
// one in the column of the token before it. So every answer begins with the same token and goes the same way.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/tokenizer/chat_template.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "run_program.h"

namespace ktlm::test {

struct ScriptedAnswer {
  std::string text;      // no token may stand in it twice
  bool endless = false;  // begins again at its end
};

inline void write_safetensors(
    const std::filesystem::path& path,
    const std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>>& tensors) {
  Json header = Json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const size_t begin = data.size(), num_bytes = tensor.second.size() * sizeof(float);
    data.append(reinterpret_cast<const char*>(tensor.second.data()), num_bytes);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.first}, {"data_offsets", {begin, begin + num_bytes}}};
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  write_file_atomically(path, file + text + data);
}

/// Makes `directory`/model, its tokenizer trained on the answers through the program. Of several
/// answers each turn draws one (temperature 0: always the same).
inline void make_scripted_model(const std::filesystem::path& directory, const std::vector<ScriptedAnswer>& answers,
                                int64_t max_seq_len = 256) {
  namespace fs = std::filesystem;
  // The words in pairs: a text that repeats itself would be sorted out.
  std::vector<std::string> words;
  for (const ScriptedAnswer& answer : answers) {
    std::istringstream stream(answer.text);
    for (std::string word; stream >> word;) words.push_back(word);
  }
  std::string texts;
  for (const std::string& first : words)
    for (const std::string& second : words) texts += to_json_line(Json{{"text", first + " " + second}}) + "\n";
  write_file_atomically(directory / "texts.jsonl", texts);
  const auto ktlm = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), KTLM_BINARY);
    return run_program(arguments, {.directory = directory.string()});
  };
  ktlm({"prepare", "texts.jsonl", "--min-chars", "1"});
  // As many pieces as the text gives: the message says how many that are.
  const std::string refusal = ktlm({"train-tokenizer", "--vocab-size", "100000"}).err, hint = "--vocab-size ";
  const size_t number = refusal.find(hint);
  if (number == std::string::npos) throw std::runtime_error("no tokenizer for the scripted model: " + refusal);
  ktlm({"train-tokenizer", "--vocab-size", std::to_string(std::stoi(refusal.substr(number + hint.size())))});
  const fs::path model = directory / "model";
  fs::copy(directory / "data" / "tokenizer", model, fs::copy_options::recursive);
  const auto tokenizer = tokenizer::Tokenizer::load(model);

  const tokenizer::TokenId start = tokenizer::encode_chat(tokenizer, {}, true).back();
  std::map<tokenizer::TokenId, std::set<tokenizer::TokenId>> successors;
  for (const ScriptedAnswer& answer : answers) {
    std::vector<tokenizer::TokenId> ids = tokenizer.encode(answer.text);
    ids.push_back(answer.endless ? ids.front() : tokenizer.control_id(tokenizer::kImEnd));
    tokenizer::TokenId before = start;
    for (const tokenizer::TokenId id : ids) {
      successors[before].insert(id);
      if (before != start && successors[before].size() > 1)
        throw std::runtime_error("a token stands twice in the answers: " + tokenizer.piece(before));
      before = id;
    }
  }

  const int64_t vocab_size = tokenizer.vocab_size(), width = (vocab_size + 31) / 32 * 32, head = 16, inner = 32;
  const auto zeros = [](int64_t rows, int64_t columns) {
    return std::pair(std::vector<int64_t>{rows, columns}, std::vector<float>(static_cast<size_t>(rows * columns)));
  };
  const auto ones = std::pair(std::vector<int64_t>{width}, std::vector<float>(static_cast<size_t>(width), 1.0F));
  auto embedding = zeros(vocab_size, width), output = zeros(vocab_size, width);
  for (int64_t id = 0; id < vocab_size; ++id) embedding.second[static_cast<size_t>(id * width + id)] = 1;
  for (const auto& [before, after] : successors)
    for (const tokenizer::TokenId id : after) output.second[static_cast<size_t>(id * width + before)] = 1;
  const std::string layer = "model.layers.0.";
  write_safetensors(model / "model.safetensors", {{"model.embed_tokens.weight", embedding},
                                                  {"lm_head.weight", output},
                                                  {"model.norm.weight", ones},
                                                  {layer + "input_layernorm.weight", ones},
                                                  {layer + "post_attention_layernorm.weight", ones},
                                                  {layer + "self_attn.q_proj.weight", zeros(head, width)},
                                                  {layer + "self_attn.k_proj.weight", zeros(head, width)},
                                                  {layer + "self_attn.v_proj.weight", zeros(head, width)},
                                                  {layer + "self_attn.o_proj.weight", zeros(width, head)},
                                                  {layer + "mlp.gate_proj.weight", zeros(inner, width)},
                                                  {layer + "mlp.up_proj.weight", zeros(inner, width)},
                                                  {layer + "mlp.down_proj.weight", zeros(width, inner)}});
  const Json config = {{"architectures", {"LlamaForCausalLM"}},
                       {"model_type", "llama"},
                       {"vocab_size", vocab_size},
                       {"hidden_size", width},
                       {"intermediate_size", inner},
                       {"num_hidden_layers", 1},
                       {"num_attention_heads", 1},
                       {"num_key_value_heads", 1},
                       {"head_dim", head},
                       {"hidden_act", "silu"},
                       {"max_position_embeddings", max_seq_len},
                       {"rms_norm_eps", 1e-5},
                       {"rope_theta", 10000.0},
                       {"tie_word_embeddings", false}};
  write_file_atomically(model / "config.json", to_json_line(config) + "\n");
}

}  // namespace ktlm::test
