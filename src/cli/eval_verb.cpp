#include "eval_verb.h"

#include <algorithm>
#include <cstdio>

#include "chosen_model.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/jsonl_texts.h"
#include "ktlm/eval/bits_per_byte.h"
#include "ktlm/model/device.h"

namespace ktlm::cli {

namespace {

struct FileResult {
  std::string name;
  int64_t num_documents = 0;
  eval::Evaluation evaluation;
};

FileResult total_of(const std::vector<FileResult>& results) {
  FileResult total{"total"};
  double nats = 0;
  int64_t tokens = 0, bytes = 0;
  for (const auto& result : results) {
    nats += result.evaluation.loss * static_cast<double>(result.evaluation.num_tokens);
    tokens += result.evaluation.num_tokens;
    bytes += result.evaluation.num_bytes;
    total.num_documents += result.num_documents;
  }
  total.evaluation = eval::make_evaluation(nats, tokens, bytes);
  return total;
}

std::string table_line(const FileResult& result, int name_width) {
  const auto& evaluation = result.evaluation;
  char line[512];
  std::snprintf(line, sizeof line, "%-*s %10lld %10lld %12lld %8.4f %11.2f %10.4f", name_width, result.name.c_str(),
                static_cast<long long>(result.num_documents), static_cast<long long>(evaluation.num_tokens),
                static_cast<long long>(evaluation.num_bytes), evaluation.loss, evaluation.perplexity,
                evaluation.bits_per_byte);
  return line;
}

std::string table(const std::vector<FileResult>& results) {
  size_t width = 5;
  for (const auto& result : results) width = std::max(width, result.name.size());
  const int name_width = static_cast<int>(std::min<size_t>(width, 300));
  char heading[512];
  std::snprintf(heading, sizeof heading, "%-*s %10s %10s %12s %8s %11s %10s", name_width, "file", "documents", "tokens",
                "bytes", "loss", "perplexity", "bits/byte");
  std::string text = heading;
  const auto add_line = [&](const FileResult& result) { text.append("\n").append(table_line(result, name_width)); };
  for (const auto& result : results) add_line(result);
  if (results.size() > 1) add_line(total_of(results));
  return text;
}

Json to_json(const FileResult& result) {
  const auto& evaluation = result.evaluation;
  return {{"file", result.name},
          {"documents", result.num_documents},
          {"tokens", evaluation.num_tokens},
          {"bytes", evaluation.num_bytes},
          {"loss", evaluation.loss},
          {"perplexity", evaluation.perplexity},
          {"bits_per_byte", evaluation.bits_per_byte}};
}

Json to_json(const std::vector<FileResult>& results, const std::string& model_dir) {
  Json files = Json::array();
  for (const auto& result : results) files.push_back(to_json(result));
  Json total = to_json(total_of(results));
  total.erase("file");
  return {{"model", model_dir}, {"files", files}, {"total", total}};
}

std::vector<std::string> read_texts(const std::string& file) {
  auto texts = corpus::read_jsonl_texts(file);
  const auto has_text = [](const std::string& text) { return !text.empty(); };
  if (std::none_of(texts.begin(), texts.end(), has_text))
    throw Error((file == "-" ? "standard input" : file) + ": holds no text to evaluate");
  return texts;
}

}  // namespace

int run_eval(const EvalArguments& arguments, Console& console) {
  model::set_up_compute(arguments.threads);
  const at::ScalarType dtype = model::parse_dtype(arguments.dtype);
  const auto [model_dir, trained] = open_chosen_model(arguments.model_dir, arguments.device, at::kFloat);

  std::vector<FileResult> results;
  for (const auto& file : arguments.files) {
    const auto texts = read_texts(file);
    const auto evaluation = eval::evaluate_documents(trained.model, trained.tokenizer, texts, arguments.batch_size,
                                                     dtype, console.progress(), console.stop_flag());
    if (console.stop_flag().requested()) return console.exit_code();
    results.push_back({file, static_cast<int64_t>(texts.size()), evaluation});
  }
  console.print(arguments.json ? to_json_line(to_json(results, model_dir.string())) : table(results));
  return 0;
}

}  // namespace ktlm::cli
