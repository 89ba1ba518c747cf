#include "ktlm/cpu_model/cpu_model.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "forward.h"
#include "ktlm/core/error.h"
#include "ktlm/core/machine.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/parameter_specs.h"
#include "ktlm/model/weight_files.h"

namespace ktlm::cpu_model {
namespace {

// Tokens that go through the layers together: as many as leave what stands between the products in the second cache.
constexpr int64_t kBlockTokens = 128;

// No memory holds more; below it sizes can be computed.
constexpr int64_t kMostColumns = int64_t{1} << 40;

// A step of a token is a few microseconds long: beyond some threads they would only wait for each other.
constexpr int64_t kMostThreadsByDefault = 8;

void check_tensors(const model::ModelConfig& config, const CpuModel::Tensors& tensors, const std::string& where) {
  config.validate();
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : tensors) shapes.emplace(name, tensor.shape);
  check_shapes(model::parameter_specs(config), shapes, where);
}

}  // namespace

Cache::Cache(const CpuModel& model, int64_t num_texts, int64_t max_len) : impl_(std::make_unique<CacheMemory>()) {
  const auto& config = model.config();
  if (max_len > config.max_seq_len)
    throw Error("KV cache: " + std::to_string(max_len) + " tokens asked for, but the model's context ends at " +
                std::to_string(config.max_seq_len) + " (max_seq_len)");
  if (max_len < 1 || num_texts < 1)
    throw Error("KV cache: room for " + std::to_string(max_len) + " tokens of " + std::to_string(num_texts) +
                " texts asked for; each is at least 1");
  const int64_t head = Widths(config).head, head_bytes = config.n_layers * config.n_kv_heads * 2 * head * 2;
  const int64_t columns = round_up(std::min(max_len, kMostColumns), kGroupRows);
  if (max_len > kMostColumns || num_texts > INT64_MAX / head_bytes / columns) throw std::bad_alloc();
  impl_->num_texts = num_texts;
  impl_->max_len = max_len;
  impl_->num_layers = config.n_layers;
  impl_->kv_heads = config.n_kv_heads;
  impl_->head_size = head;
  impl_->block = columns * head;
  impl_->lengths.resize(static_cast<size_t>(num_texts));
  impl_->memory = PageMemory(num_texts * columns * head_bytes, Pages::kSmall);
}

Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;
Cache::~Cache() = default;

int64_t Cache::num_texts() const { return impl_->num_texts; }
int64_t Cache::max_len() const { return impl_->max_len; }
int64_t Cache::length(int64_t text) const { return impl_->lengths.at(static_cast<size_t>(text)); }
void Cache::truncate(int64_t text, int64_t length) {
  int64_t& held = impl_->lengths.at(static_cast<size_t>(text));
  held = std::clamp<int64_t>(length, 0, held);
}

void Cache::copy(int64_t from, int64_t to) {
  const int64_t length = this->length(from);
  impl_->lengths.at(static_cast<size_t>(to)) = length;
  if (from == to) return;
  // Keys lie in groups of positions side by side, values position by position: both fill the first columns of a block.
  const auto size_bytes = static_cast<size_t>(round_up(length, kGroupRows) * impl_->head_size) * sizeof(uint16_t);
  for (int64_t layer = 0; layer < impl_->num_layers; ++layer) {
    for (int64_t head = 0; head < impl_->kv_heads; ++head) {
      std::memcpy(impl_->keys(layer, to, head), impl_->keys(layer, from, head), size_bytes);
      std::memcpy(impl_->values(layer, to, head), impl_->values(layer, from, head), size_bytes);
    }
  }
}

struct CpuModel::Impl {
  Impl(const model::ModelConfig& shape, WeightFormat weight_format, int64_t num_threads)
      : config(shape), format(weight_format), team(num_threads > 0 ? num_threads : default_num_threads()) {}

  void take_weights(const Tensors& tensors, const std::string& where) {
    check_tensors(config, tensors, where);
    embedding = tensors.at("model.embed_tokens.weight");
    weights = pack_weights(config, tensors, format, team, where);
    scores.resize(static_cast<size_t>(team.num_threads()));
  }

  model::ModelConfig config;
  WeightFormat format;
  std::optional<model::WeightFiles> files;  // whose memory `embedding` is
  model::SafetensorsFile::Tensor embedding;
  Weights weights;
  std::shared_ptr<Workspace> space;
  std::vector<float> logits;
  std::vector<std::vector<float>> scores;
  ThreadTeam team;  // the last one: its threads may still look at the others
};

CpuModel::CpuModel(const std::filesystem::path& directory, WeightFormat format, int64_t num_threads)
    : impl_(std::make_unique<Impl>(model::load_model_config(directory), format, num_threads)) {
  impl_->files.emplace(directory, impl_->config);
  impl_->take_weights(impl_->files->tensors(), impl_->files->where());
}

CpuModel::CpuModel(const model::ModelConfig& config, const Tensors& tensors, WeightFormat format, int64_t num_threads,
                   const std::string& where)
    : impl_(std::make_unique<Impl>(config, format, num_threads)) {
  impl_->take_weights(tensors, where);
}

CpuModel::CpuModel(CpuModel&&) noexcept = default;
CpuModel& CpuModel::operator=(CpuModel&&) noexcept = default;
CpuModel::~CpuModel() = default;

const model::ModelConfig& CpuModel::config() const { return impl_->config; }
WeightFormat CpuModel::format() const { return impl_->format; }
int64_t CpuModel::num_threads() const { return impl_->team.num_threads(); }
int64_t CpuModel::default_num_threads() { return std::min(num_usable_cores(), kMostThreadsByDefault); }

int64_t CpuModel::weight_bytes() const {
  const auto size = [](const PackedView& view) { return view.groups * group_bytes(view.format, view.cols).total(); };
  int64_t total = size(impl_->weights.head);
  for (const LayerWeights& layer : impl_->weights.layers)
    total += size(layer.qkv) + size(layer.o) + size(layer.gate_up) + size(layer.down);
  return total;
}

Logits CpuModel::feed(std::span<const TextTokens> texts, Cache& cache) {
  Impl& impl = *impl_;
  CacheMemory& held = *cache.impl_;
  for (const TextTokens& text : texts) {
    const int64_t length = cache.length(text.text) + static_cast<int64_t>(text.ids.size());
    if (text.ids.empty()) throw Error("model: a text without new tokens");
    if (length > held.max_len)
      throw Error("KV cache: full, " + std::to_string(cache.length(text.text)) + " tokens held and " +
                  std::to_string(text.ids.size()) + " more, but room for " + std::to_string(held.max_len));
    for (const int32_t id : text.ids) {
      if (id < 0 || id >= impl.config.vocab_size)
        throw Error("model: token id " + std::to_string(id) + ", but the vocabulary ends at " +
                    std::to_string(impl.config.vocab_size - 1));
    }
  }

  std::vector<BlockToken> tokens;
  std::vector<bool> is_last;
  int64_t longest = 0;
  std::vector<int64_t> lengths = held.lengths;
  for (const TextTokens& text : texts) {
    int64_t& length = lengths[static_cast<size_t>(text.text)];
    for (const int32_t id : text.ids) {
      tokens.push_back({id, text.text, length++});
      is_last.push_back(false);
    }
    is_last.back() = true;
    longest = std::max(longest, length);
  }

  const int64_t vocab = Widths(impl.config).vocab;
  impl.logits.resize(static_cast<size_t>(static_cast<int64_t>(texts.size()) * vocab));
  for (auto& scores : impl.scores) scores.resize(static_cast<size_t>(kMaxQueries * round_up(longest, kGroupRows)));
  const auto num_tokens = static_cast<int64_t>(tokens.size());
  const int64_t block_size = std::min(kBlockTokens, num_tokens);
  if (!impl.space || impl.space->capacity < block_size)
    impl.space = std::make_shared<Workspace>(impl.config, impl.format, block_size);

  held.lengths = std::move(lengths);  // here, since memory may run out above
  int64_t num_logits = 0;
  for (int64_t first = 0; first < num_tokens; first += block_size) {
    const int64_t end = std::min(first + block_size, num_tokens);
    Block block{.config = &impl.config,
                .weights = &impl.weights,
                .embedding = &impl.embedding,
                .format = impl.format,
                .cache = &held,
                .space = impl.space,
                .tokens = {tokens.begin() + first, tokens.begin() + end},
                .last_tokens = {},
                .logits = impl.logits.data() + num_logits * vocab,
                .scores = impl.scores.data(),
                .num_threads = impl.team.num_threads()};
    for (int64_t token = first; token < end; ++token) {
      if (is_last[static_cast<size_t>(token)]) block.last_tokens.push_back(token - first);
    }
    num_logits += static_cast<int64_t>(block.last_tokens.size());
    impl.team.run([block = std::move(block)](ThreadTeam::Way& way) { forward(block, way); });
  }
  return {impl.logits.data(), vocab, impl.config.vocab_size};
}

}  // namespace ktlm::cpu_model
