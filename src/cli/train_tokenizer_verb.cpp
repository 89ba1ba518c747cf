#include "train_tokenizer_verb.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "config_sections.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/shipped_models.h"
#include "ktlm/tokenizer/analysis_report.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"

namespace ktlm::cli {

namespace {

using tokenizer::ModelShape;
using tokenizer::TokenizerAnalysis;
using tokenizer::TokenizerTrainConfig;

// What --recommend chooses from where no sizes are given; what the text does not fill is left out.
const std::vector<int64_t> kSizesToTry = {8000, 16000, 32000, 64000};

ModelShape shape_of(const std::string& name, const model::ModelConfig& m) {
  const int64_t head_dim = m.resolved_head_dim(), q = m.n_heads * head_dim, kv = m.n_kv_heads * head_dim;
  return {.name = name,
          .d_model = m.d_model,
          .layer_weights = m.n_layers * m.d_model * (2 * q + 2 * kv + 3 * m.d_ff),
          // Scores and values: 2 q products a pair of positions, max_seq_len / 2 pairs a token.
          .attention_products = m.n_layers * q * m.max_seq_len,
          .tie_embeddings = m.tie_embeddings};
}

std::vector<ModelShape> models_of(const ConfigTree& tree, const TrainTokenizerArguments& arguments) {
  if (tree.has_section("model")) {
    const std::string name = arguments.config_files.empty()
                                 ? "the model of --set"
                                 : std::filesystem::path(arguments.config_files.back()).stem().string();
    return {shape_of(name, load_section<model::ModelConfig>(tree, "model"))};
  }
  if (arguments.recommend)
    throw ConfigError(
        "--recommend: no model to recommend for; pass --config with a section model, such as configs/small.yaml");
  std::vector<ModelShape> shapes;
  for (const model::NamedModel& shipped : model::shipped_models())
    shapes.push_back(shape_of(shipped.name, shipped.config));
  return shapes;
}

// Sorted, each once. Checks each against its limits.
std::vector<int64_t> sizes_of(ConfigTree& tree, const TrainTokenizerArguments& arguments) {
  std::vector<int64_t> sizes = arguments.vocab_sizes;
  if (sizes.empty() && arguments.recommend) sizes = kSizesToTry;
  if (sizes.empty()) return {load_section<TokenizerTrainConfig>(tree, "tokenizer").vocab_size};
  for (const int64_t size : sizes) {
    tree.add_override("tokenizer.vocab_size=" + std::to_string(size));
    load_section<TokenizerTrainConfig>(tree, "tokenizer");
  }
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

// "data/tokenizer/" and "data/tokenizer" are one directory, beside which the others stand.
std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Json to_json(const std::vector<TokenizerAnalysis>& analyses, const std::vector<ModelShape>& models,
             const std::optional<tokenizer::Recommendation>& recommended) {
  if (analyses.size() == 1 && !recommended) return to_json(analyses.front(), models);
  Json object = {{"vocabularies", Json::array()}};
  for (const TokenizerAnalysis& analysis : analyses) object["vocabularies"].push_back(to_json(analysis, models));
  if (recommended)
    object["recommended"] = {{"vocab_size", analyses[recommended->index].vocab_size}, {"reason", recommended->reason}};
  return object;
}

}  // namespace

int run_train_tokenizer(const TrainTokenizerArguments& arguments, Console& console) {
  ConfigTree tree = load_config_tree(arguments.config_files, arguments.overrides);
  const std::vector<ModelShape> models = models_of(tree, arguments);
  const std::vector<int64_t> sizes = sizes_of(tree, arguments);
  const auto config = load_section<TokenizerTrainConfig>(tree, "tokenizer");
  if (arguments.out_dir.empty()) throw ConfigError("--out: is empty (a variable that isn't set?); name a directory");
  const std::string out_dir = without_slashes(arguments.out_dir);
  std::vector<tokenizer::VocabularyTarget> targets;
  for (const int64_t size : sizes)
    targets.push_back({.vocab_size = size,
                       .out_dir = sizes.size() == 1 ? out_dir : out_dir + "-" + std::to_string(size),
                       .is_optional = arguments.vocab_sizes.empty() && sizes.size() > 1});

  if (arguments.recommend) tokenizer::require_replaceable(out_dir);

  const auto corpus = corpus::PreparedCorpus::open(arguments.input_dir);
  const auto result = tokenizer::train_tokenizers(tokenizer::training_texts(corpus, config), targets, config, models,
                                                  console.progress(), console.stop_flag());
  if (!result) {
    console.note("stopped; " + out_dir + (std::filesystem::exists(out_dir) ? " is as it was" : " was not made"));
    return console.exit_code();
  }
  std::vector<TokenizerAnalysis> analyses;
  const auto& trained = result->trained;
  for (const auto& vocabulary : trained) analyses.push_back(vocabulary.analysis);
  std::optional<tokenizer::Recommendation> recommended;
  if (arguments.recommend) {
    recommended = tokenizer::recommend_vocabulary(models.front(), analyses, result->unfilled);
    for (size_t i = 0; i < trained.size(); ++i)
      write_file_atomically(trained[i].out_dir / "analysis.html",
                            tokenizer::to_page(analyses, i, models, recommended->reason));
    const auto& from = trained[recommended->index].out_dir;
    if (from != out_dir) tokenizer::copy_tokenizer(from, out_dir);
  }
  console.print(arguments.json ? to_json_line(to_json(analyses, models, recommended)) : to_table(analyses, models));
  if (recommended && !arguments.json) console.print(recommended->reason);
  for (const auto& vocabulary : trained)
    console.note("wrote " + vocabulary.out_dir.string() + "; look at " +
                 (vocabulary.out_dir / "analysis.html").string());
  if (const std::string sentence = tokenizer::small_text_sentence(analyses); !recommended && !sentence.empty())
    console.warnings()(sentence);
  if (recommended && trained.size() > 1) console.note("wrote the recommended one to " + out_dir + " as well");
  if (!recommended && trained.size() > 1)
    console.note("train takes data/tokenizer unless told: pass it --tokenizer " + trained.front().out_dir.string() +
                 ", or let --recommend choose here");
  return console.exit_code();
}

}  // namespace ktlm::cli
