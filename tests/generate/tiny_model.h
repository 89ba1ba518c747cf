// A tokenizer of 384 pieces and a model of random weights, large enough that its distributions are far from flat: their
// text is nonsense, but each token depends on all before it.
#pragma once

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "ktlm/generate/decode_loop.h"
#include "ktlm/model/language_model.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "temporary_directory.h"

namespace ktlm::test {

inline const std::vector<std::string>& tiny_texts() {
  static const std::vector<std::string> texts = {
      "서울은 한강을 끼고 있는 도시이다. 한강에는 다리가 많고, 강가에는 공원이 많다.",
      "봄에는 벚꽃이 피고 여름에는 비가 많이 온다. 가을에는 단풍이 들고 겨울에는 눈이 온다.",
      "안녕하세요? 오늘은 날씨가 참 좋네요. 같이 산책하러 갈까요?\n네, 좋아요! 어디로 갈까요?",
      "컴퓨터는 수를 세는 기계이다. 수는 0과 1로 적는다. 글자도 그림도 수로 적는다.",
      "고양이는 낮에 자고 밤에 논다. 개는 밤에 자고 낮에 논다. ㅋㅋㅋ ㅠㅠ",
      "할머니는 시장에서 사과와 배와 감을 사 오셨다. 우리는 마루에 앉아 사과를 먹었다.",
  };
  return texts;
}

/// Trains the tokenizer into `directory`.
inline tokenizer::Tokenizer make_tiny_tokenizer(const std::filesystem::path& directory, int64_t vocab_size = 384) {
  const tokenizer::TextSource source = [](const std::function<bool(std::string_view)>& visit) {
    for (const std::string& text : tiny_texts())
      if (!visit(text)) return;
  };
  tokenizer::TrainingTexts texts;
  texts.name = "tiny texts";
  texts.train = texts.measure = source;
  texts.measured_on = "train";
  tokenizer::TokenizerTrainConfig config;
  config.vocab_size = vocab_size;
  config.character_coverage = 1;
  tokenizer::train_tokenizer(texts, directory, config, nullptr, StopFlag());
  return tokenizer::Tokenizer::load(directory);
}

inline model::LanguageModel make_tiny_model(int64_t vocab_size, int64_t max_seq_len = 128) {
  model::ModelConfig config;
  config.vocab_size = vocab_size;
  config.d_model = 32;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.d_ff = 48;
  config.max_seq_len = max_seq_len;
  model::LanguageModel model(config, at::kCPU, at::kFloat, 3);
  const at::NoGradGuard no_grad;
  for (const model::NamedParameter& parameter : model.parameters())
    if (parameter.tensor.dim() == 2) parameter.tensor.mul_(20);
  return model;
}

/// Both, made once for a test program.
struct TinyModel {
  TemporaryDirectory directory;
  tokenizer::Tokenizer tokenizer = make_tiny_tokenizer(directory / "tokenizer");
  model::LanguageModel model = make_tiny_model(tokenizer.vocab_size());

  static const TinyModel& get() {
    at::set_num_threads(1);  // threads that wait for each other cost more than so small a model
    static const TinyModel tiny;
    return tiny;
  }
};

inline generate::SamplingConfig greedy(int64_t max_new_tokens) {
  generate::SamplingConfig config;
  config.temperature = 0;
  config.max_new_tokens = max_new_tokens;
  return config;
}

/// Draws from the whole distribution, flattened, so that anything comes.
inline generate::SamplingConfig wild(int64_t seed, int64_t max_new_tokens) {
  generate::SamplingConfig config;
  config.temperature = 3;
  config.top_k = 0;
  config.top_p = 1;
  config.min_p = 0;
  config.seed = seed;
  config.max_new_tokens = max_new_tokens;
  return config;
}

}  // namespace ktlm::test
