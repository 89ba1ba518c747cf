#include "ktlm/doctor/speed.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/random.h"
#include "ktlm/model/device.h"

namespace ktlm::doctor {

namespace {

constexpr int64_t kLimitWarmups = 1, kLimitRuns = 5;
constexpr int64_t kReadBytes = int64_t{1} << 29;
constexpr size_t kDiskBytes = size_t{1} << 26, kDiskBlockBytes = size_t{1} << 20;

// (out, in) of each weight matrix, and how often a model has it.
std::map<std::pair<int64_t, int64_t>, int64_t> weight_shapes(const model::ModelConfig& config) {
  const int64_t width = config.d_model, head_dim = config.resolved_head_dim();
  std::map<std::pair<int64_t, int64_t>, int64_t> shapes;
  shapes[{config.n_heads * head_dim, width}] += config.n_layers;         // q
  shapes[{config.n_kv_heads * head_dim, width}] += 2 * config.n_layers;  // k, v
  shapes[{width, config.n_heads * head_dim}] += config.n_layers;         // o
  shapes[{config.d_ff, width}] += 2 * config.n_layers;                   // gate, up
  shapes[{width, config.d_ff}] += config.n_layers;                       // down
  shapes[{config.vocab_size, width}] += 1;                               // logits
  return shapes;
}

double num_multiplying_weights(const model::ModelConfig& config) {
  double weights = 0;
  for (const auto& [shape, count] : weight_shapes(config))
    weights += static_cast<double>(shape.first) * static_cast<double>(shape.second) * static_cast<double>(count);
  return weights;
}

// A file without a name, closed at the end of the scope.
class NamelessFile {
 public:
  explicit NamelessFile(const std::filesystem::path& directory) : place_(directory.string()) {
    std::string name = (directory / ".ktlm-disk-speed-XXXXXX").string();
    descriptor_ = ::mkstemp(name.data());
    if (descriptor_ < 0) fail("cannot make a file");
    ::unlink(name.c_str());
  }
  ~NamelessFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;

  int descriptor() const { return descriptor_; }
  [[noreturn]] void fail(const char* what) const {
    throw Error(place_ + ": " + what + ": " + system_error_text(errno) + "; run it in a folder that can be written to");
  }

 private:
  std::string place_;
  int descriptor_;
};

// Calls transfer(offset, size) until all bytes are through.
template <class Transfer>
void transfer_all(const NamelessFile& file, const char* what, const Transfer& transfer) {
  for (size_t done = 0; done < kDiskBytes;) {
    const ssize_t count = transfer(done, std::min(kDiskBlockBytes, kDiskBytes - done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) file.fail(what);
    done += static_cast<size_t>(count);
  }
}

// A file's worth, so that no disk, file system or cache finds anything to compress or to store but once.
std::string noise() {
  std::string bytes(kDiskBytes, '\0');
  Random random(1);
  for (size_t i = 0; i < bytes.size(); i += sizeof(uint64_t)) {
    const uint64_t word = random.next();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

double fastest(at::Device device, const std::function<void()>& work) {
  const std::vector<double> seconds = time_runs(kLimitWarmups, kLimitRuns, device, work);
  return *std::min_element(seconds.begin(), seconds.end());
}

}  // namespace

std::vector<double> time_runs(int64_t warmups, int64_t runs, at::Device device, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int64_t run = 0; run < warmups + runs; ++run) {
    model::synchronize(device);
    const auto start = std::chrono::steady_clock::now();
    work();
    model::synchronize(device);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (run >= warmups) seconds.push_back(elapsed.count());
  }
  return seconds;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double flops_per_token(const model::ModelConfig& config, double context, bool training) {
  const double attention = 4.0 * static_cast<double>(config.n_layers * config.n_heads * config.resolved_head_dim());
  return (training ? 3 : 1) * (2 * num_multiplying_weights(config) + attention * context);
}

double decode_bytes_per_token(const model::ModelConfig& config, double context, at::ScalarType dtype) {
  const double cached = 2.0 * static_cast<double>(config.n_layers * config.n_kv_heads * config.resolved_head_dim());
  return static_cast<double>(c10::elementSize(dtype)) * (num_multiplying_weights(config) + cached * context);
}

double gemm_flops_per_second(const model::ModelConfig& config, int64_t num_tokens, bool training, at::ScalarType dtype,
                             at::Device device) {
  const at::NoGradGuard no_grad;
  const auto options = at::TensorOptions(device).dtype(dtype);
  double seconds = 0, operations = 0;
  for (const auto& [shape, count] : weight_shapes(config)) {
    const auto [out, in] = shape;
    const at::Tensor x = at::randn({num_tokens, in}, options), weight = at::randn({out, in}, options);
    double seconds_of_shape = fastest(device, [&] { at::linear(x, weight); });
    if (training) {
      const at::Tensor dy = at::randn({num_tokens, out}, options);
      seconds_of_shape += fastest(device, [&] { at::mm(dy, weight); });
      seconds_of_shape += fastest(device, [&] { at::mm(dy.t(), x); });
    }
    seconds += static_cast<double>(count) * seconds_of_shape;
    operations += (training ? 6.0 : 2.0) * static_cast<double>(count) * static_cast<double>(num_tokens) *
                  static_cast<double>(out) * static_cast<double>(in);
  }
  return operations / seconds;
}

double read_bytes_per_second(at::Device device) {
  const at::Tensor memory =
      at::ones({kReadBytes / 8}, at::TensorOptions(device).dtype(device.is_cpu() ? at::kLong : at::kFloat));
  if (!device.is_cpu()) {
    const auto bytes = static_cast<double>(memory.numel() * memory.element_size());
    return bytes / fastest(device, [&] { at::sum(memory); });
  }
  const int64_t* const words = memory.data_ptr<int64_t>();
  std::atomic<int64_t> checksum{0};  // keeps the compiler from leaving the reading out
  const auto read = [&](int64_t begin, int64_t end) {
    int64_t sum = 0;
    for (int64_t i = begin; i < end; ++i) sum ^= words[i];
    checksum.fetch_xor(sum, std::memory_order_relaxed);
  };
  const int64_t num_threads = at::get_num_threads(), share = memory.numel() / num_threads;
  const double seconds = fastest(device, [&] {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < num_threads; ++i) threads.emplace_back(read, i * share, (i + 1) * share);
    for (auto& thread : threads) thread.join();
  });
  return static_cast<double>(kReadBytes) / seconds;
}

DiskSpeed disk_speed(const std::filesystem::path& directory) {
  const auto time_once = [](const auto& work) { return time_runs(0, 1, at::kCPU, work)[0]; };
  const NamelessFile file(directory);
  std::string bytes = noise();
#ifdef __APPLE__
  ::fcntl(file.descriptor(), F_NOCACHE, 1);
#endif
  const double write_seconds = time_once([&] {
    transfer_all(file, "cannot write",
                 [&](size_t offset, size_t size) { return ::write(file.descriptor(), bytes.data() + offset, size); });
    if (sync_to_disk(file.descriptor()) != 0) file.fail("cannot write");
  });
#ifdef __linux__
  ::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
#endif
  ::lseek(file.descriptor(), 0, SEEK_SET);
  const double read_seconds = time_once([&] {
    transfer_all(file, "cannot read",
                 [&](size_t offset, size_t size) { return ::read(file.descriptor(), bytes.data() + offset, size); });
  });
  constexpr auto kBytes = static_cast<double>(kDiskBytes);
  return {kBytes / write_seconds, kBytes / read_seconds};
}

MachineSpeed machine_speed(at::Device device) {
  const model::ModelConfig layer{
      .vocab_size = 2048, .d_model = 512, .n_layers = 1, .n_heads = 8, .n_kv_heads = 2, .d_ff = 1408};
  const int64_t num_tokens = device.is_cpu() ? 512 : 4096;  // a GPU's cores want more to do
  MachineSpeed speed{};
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    try {
      speed.gemm.push_back({dtype, gemm_flops_per_second(layer, num_tokens, /*training=*/false, dtype, device)});
    } catch (const c10::NotImplementedError&) {
    } catch (const c10::TypeError&) {  // what the device lacks, the checks have told
    }
  }
  speed.read_bytes_per_second = read_bytes_per_second(device);
  return speed;
}

}  // namespace ktlm::doctor
