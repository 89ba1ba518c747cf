#include "ktlm/export/gguf_export.h"

#include <array>
#include <utility>

#include "block_formats.h"
#include "gguf_header.h"
#include "gguf_tensors.h"
#include "gguf_vocabulary.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/parameter_specs.h"
#include "ktlm/model/weight_files.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/vocabulary.h"
#include "source_weights.h"

namespace ktlm::formats {

namespace fs = std::filesystem;
using model::ModelConfig;
using model::SafetensorsFile;

namespace {

struct Form {
  GgufWeights weights;
  const char* name;
  TensorType type;
  uint32_t file_type;  // general.file_type
};
constexpr std::array kForms{
    Form{GgufWeights::kF32, "f32", TensorType::kF32, 0},
    Form{GgufWeights::kF16, "f16", TensorType::kF16, 1},
    Form{GgufWeights::kQ8_0, "q8_0", TensorType::kQ8_0, 7},
    Form{GgufWeights::kQ4_0, "q4_0", TensorType::kQ4_0, 2},
};
constexpr uint32_t kQuantizationVersion = 2;

const Form& form_of(GgufWeights weights) {
  for (const Form& form : kForms)
    if (form.weights == weights) return form;
  return kForms.front();
}

// One tensor on its way: where it comes from and as what it is kept.
struct Plan {
  const std::string& parameter;
  const SafetensorsFile::Tensor& source;
  TensorType from, to;
};

TensorType target_type(const model::ParameterSpec& spec, const ModelConfig& config, GgufWeights weights) {
  if (spec.shape.size() == 1) return TensorType::kF32;
  TensorType type = form_of(weights).type;
  // In 4 bits the output layer alone would cost more than all others.
  const bool is_output = spec.name == (config.tie_embeddings ? "model.embed_tokens.weight" : "lm_head.weight");
  if (type == TensorType::kQ4_0 && is_output) type = TensorType::kQ8_0;
  return spec.shape.back() % block_layout(type).values == 0 ? type : TensorType::kF16;
}

void add_shape(GgufHeader& header, const ModelConfig& config) {
  const std::string architecture = architecture_of(config);
  const auto add = [&](const char* key, int64_t value) {
    header.add(architecture + key, static_cast<uint32_t>(value));
  };
  add(keys::kVocabSize, config.vocab_size);
  add(keys::kContextLength, config.max_seq_len);
  add(keys::kEmbeddingLength, config.d_model);
  add(keys::kBlockCount, config.n_layers);
  add(keys::kFeedForwardLength, config.d_ff);
  add(keys::kHeadCount, config.n_heads);
  add(keys::kKvHeadCount, config.n_kv_heads);
  add(keys::kKeyLength, config.resolved_head_dim());
  add(keys::kValueLength, config.resolved_head_dim());
  add(keys::kRopeDimensions, config.resolved_head_dim());
  if (config.rope_scaling == "linear") {
    header.add(architecture + keys::kRopeScalingType, "linear");
    header.add(architecture + keys::kRopeScalingFactor, static_cast<float>(config.rope_factor));
  }
  header.add(architecture + keys::kRopeBase, static_cast<float>(config.rope_theta));
  header.add(architecture + keys::kNormEpsilon, static_cast<float>(config.norm_eps));
}

// False where `stop` was requested.
bool write_tensor(AtomicFile& file, const Plan& plan, const ModelConfig& config, const std::string& where,
                  const StopFlag& stop) {
  const int64_t cols = plan.source.shape.back(), rows = plan.source.shape.size() == 1 ? 1 : plan.source.shape.front();
  std::vector<float> values(static_cast<size_t>(cols));
  std::vector<std::byte> bytes(static_cast<size_t>(row_bytes(plan.to, cols)));
  for (int64_t row = 0; row < rows; ++row) {
    if (stop.requested()) return false;
    const int64_t source = row_in_directory(config, plan.parameter, row);
    decode_row(plan.source.bytes.data() + source * row_bytes(plan.from, cols), cols, plan.from, values.data());
    check_values(values, plan.source, plan.to, where, plan.parameter);
    encode_row(values.data(), cols, plan.to, bytes.data());
    file.write(bytes.data(), bytes.size());
  }
  file.write(alignment_padding(file.size_bytes()));
  return true;
}

}  // namespace

GgufWeights parse_gguf_weights(const std::string& name) {
  std::string known;
  for (const Form& form : kForms) {
    if (name == form.name) return form.weights;
    known += (known.empty() ? "" : ", ") + std::string(form.name);
  }
  throw ConfigError("no GGUF weights \"" + name + "\"; choose one of " + known);
}

const char* to_string(GgufWeights weights) { return form_of(weights).name; }

std::optional<GgufExport> export_gguf(const fs::path& model_directory, const fs::path& file, GgufWeights weights,
                                      const std::string& name, const StopFlag& stop) {
  const ModelConfig config = model::load_model_config(model_directory);
  if (config.rope_scaling == "llama3")
    throw Error((model_directory / "config.json").string() +
                ": rope_scaling is \"llama3\", which ktlm does not write into GGUF files; llama.cpp's "
                "convert_hf_to_gguf.py does");
  const model::WeightFiles files(model_directory, config);
  check_tensors(files, config);
  const std::vector<model::ParameterSpec> specs = model::parameter_specs(config);

  GgufExport result;
  GgufHeader header;
  header.add(keys::kArchitecture, architecture_of(config));
  header.add("general.type", "model");
  header.add("general.name", name);
  header.add("general.file_type", form_of(weights).file_type);
  header.add("general.quantization_version", kQuantizationVersion);
  add_shape(header, config);
  const tokenizer::Vocabulary vocabulary = tokenizer::read_vocabulary(model_directory);
  add_vocabulary(header, vocabulary, config.vocab_size, model_directory.string(), result.notes);
  result.context_tokens = config.max_seq_len;
  result.has_chat_markers =
      control_id(vocabulary, tokenizer::kImStart) >= 0 && control_id(vocabulary, tokenizer::kImEnd) >= 0;
  std::vector<Plan> plans;
  for (const model::ParameterSpec& spec : specs) {
    const SafetensorsFile::Tensor& source = files.tensors().at(spec.name);
    const Plan& plan =
        plans.emplace_back(Plan{spec.name, source, source_type(source), target_type(spec, config, weights)});
    header.add_tensor(gguf_name(spec.name), spec.shape, plan.to);
    if (spec.shape.size() > 1 && plan.to == TensorType::kF16 && weights != GgufWeights::kF16)
      result.notes.push_back(gguf_name(spec.name) + " is kept in f16: its rows of " +
                             std::to_string(spec.shape.back()) + " values can't be cut into blocks of 32");
  }

  AtomicFile out(file);
  out.write(header.bytes());
  for (const Plan& plan : plans)
    if (!write_tensor(out, plan, config, files.where(), stop)) return std::nullopt;
  out.commit();
  result.size_bytes = out.size_bytes();
  result.num_tensors = plans.size();
  return result;
}

}  // namespace ktlm::formats
