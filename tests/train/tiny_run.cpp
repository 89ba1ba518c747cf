#include "tiny_run.h"

#include <gtest/gtest.h>
#ifdef __linux__
#include <sys/resource.h>
#endif
#include <unistd.h>

#include <cstdio>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/model/device.h"
#include "ktlm/model/safetensors.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

std::string tiny_corpus_jsonl() {
  const std::string places[] = {"서울", "부산", "대구", "광주", "강릉", "제주", "전주", "수원"};
  const std::string things[] = {"강이 흐른다", "산이 높다", "시장이 열린다", "바다가 가깝다", "눈이 많이 내린다"};
  const std::string times[] = {"봄", "여름", "가을", "겨울"};
  std::string lines;
  for (const auto& place : places) {
    for (const auto& thing : things) {
      for (const auto& time : times) {
        const Json document = {{"text", place + "에서는 " + time + "에 " + thing + ". " + time + "이 오면 사람들은 " +
                                            place + "에 모여 이야기를 나눈다."}};
        lines += to_json_line(document) + "\n";
      }
    }
  }
  return lines;
}

}  // namespace

const TinyData& tiny_data() {
  static const test::TemporaryDirectory directory;
  static const TinyData data = [] {
    model::set_up_compute(1);  // test programs run side by side
    const TinyData paths = {directory / "prepared", directory / "tokenizer"};
    const StopFlag no_stop;
    write_file_atomically(directory / "corpus.jsonl", tiny_corpus_jsonl());
    corpus::PrepareConfig prepare_config;
    prepare_config.val_fraction = 0.1;
    corpus::prepare({(directory / "corpus.jsonl").string()}, paths.prepared, prepare_config, no_stop, {}, {});
    tokenizer::TokenizerTrainConfig tokenizer_config;
    tokenizer_config.vocab_size = 400;
    const auto corpus = corpus::PreparedCorpus::open(paths.prepared);
    tokenizer::train_tokenizer(tokenizer::training_texts(corpus, tokenizer_config), paths.tokenizer, tokenizer_config,
                               {}, no_stop);
    return paths;
  }();
  return data;
}

TrainRequest tiny_request(const TinyData& data, const fs::path& run_dir) {
  TrainRequest request;
  request.prepared_dir = data.prepared;
  request.tokenizer_dir = data.tokenizer;
  request.run_dir = run_dir;
  request.device = "cpu";
  request.model.d_model = 32;
  request.model.n_layers = 2;
  request.model.n_heads = 4;
  request.model.n_kv_heads = 2;
  request.model.d_ff = 64;
  request.model.max_seq_len = 32;
  request.train.max_steps = 20;
  request.train.warmup_steps = 2;
  request.train.micro_batch_size = 2;
  request.train.grad_accum_steps = 2;
  request.train.learning_rate = 5e-3;
  request.train.dtype = "fp32";
  request.train.eval_every_steps = 0;
  request.train.checkpoint_every_steps = 5;
  request.train.log_every_steps = 1;
  return request;
}

std::map<std::string, at::Tensor> weights_of(const fs::path& directory) {
  return model::load_safetensors(directory / "model.safetensors");
}

void expect_same_weights(const fs::path& left, const fs::path& right) {
  const auto left_weights = weights_of(left), right_weights = weights_of(right);
  ASSERT_EQ(left_weights.size(), right_weights.size());
  for (const auto& [name, tensor] : left_weights) EXPECT_TRUE(at::equal(tensor, right_weights.at(name))) << name;
}

void limit_memory(int64_t headroom_bytes) {
#ifdef __linux__
  long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  const auto bytes = static_cast<rlim_t>(pages * ::sysconf(_SC_PAGESIZE) + headroom_bytes);
  const struct rlimit limit = {bytes, bytes};
  ::setrlimit(RLIMIT_AS, &limit);
#else
  (void)headroom_bytes;
#endif
}

}  // namespace ktlm::train
