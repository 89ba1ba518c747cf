#include "ranks.h"

#include <ATen/DeviceAccelerator.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/comm.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <new>
#include <sstream>

#include "backends.h"
#include "ktlm/core/error.h"
#include "ktlm/core/hash.h"
#include "ktlm/model/device.h"
#include "ktlm/model/torch_error.h"
#include "meeting.h"

namespace ktlm::train {

namespace {

constexpr std::chrono::minutes kConnecting(2);  // all are there already
// Longer than anything that rank 0 does alone; the pulse, not the clock, tells who is gone.
constexpr std::chrono::hours kCollective(24 * 7);
constexpr std::chrono::seconds kPatience(3);  // for the pulse's verdict, which comes once a second
constexpr size_t kShareBytes = size_t{25} << 20;

using Backend = c10::intrusive_ptr<c10d::Backend>;

c10::intrusive_ptr<c10d::ProcessGroup> make_group(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                                  c10::DeviceType device, c10d::ProcessGroup::BackendType type,
                                                  const Backend& backend) {
  auto group = c10::make_intrusive<c10d::ProcessGroup>(store, static_cast<int>(launch.rank),
                                                       static_cast<int>(launch.world_size));
  group->setBackend(device, type, backend);
  group->setDefaultBackend(type);
  return group;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

struct Ranks::Groups {
  c10::intrusive_ptr<c10d::Store> store;
  Backend control;
  c10::intrusive_ptr<c10d::ProcessGroup> device;
  std::unique_ptr<Pulse> pulse;

  c10::intrusive_ptr<c10d::Store> store_of(const std::string& name) const {
    return c10::make_intrusive<c10d::PrefixStore>(name, store);
  }
  Backend connect_over_gloo(const std::string& name, const Launch& launch) const {
    try {
      return make_gloo_backend(store_of(name), launch, kConnecting);
    } catch (const std::exception& error) {
      const std::string words = error.what();
      throw Error("can't connect to the other processes (" + words.substr(0, words.find('\n')) +
                  "); see that each machine's name leads to it and its firewall lets them in, or name the network "
                  "interface in GLOO_SOCKET_IFNAME");
    }
  }
};

Ranks::Ranks(const Launch& launch, const LostCallback& lost, const std::function<void(const std::string&)>& note,
             const StopFlag& stop)
    : launch_(launch) {
  if (is_alone()) return;
  groups_ = std::make_unique<Groups>();
  groups_->store = meet(launch, note, stop);
  groups_->control = groups_->connect_over_gloo("control", launch);
  groups_->control->setTimeout(kCollective);
  groups_->pulse =
      std::make_unique<Pulse>(groups_->connect_over_gloo("pulse", launch), groups_->store_of("pulse")->clone(), lost);
}

Ranks::~Ranks() = default;

at::Device Ranks::select_device(const std::string& name) const {
  if (is_alone()) return model::select_device(name);
  if (name == "mps")
    throw ConfigError(
        "device \"mps\" can't train with other processes, for their means to exchange gradients do not "
        "reach it; give --device cpu, or train in one process");
  const std::vector<double> visible = visible_gpus();  // whatever the device here: all take part
  const at::Device device = model::select_device(name);
  if (device.is_mps()) return at::kCPU;
  if (!device.is_cuda()) return device;
  const auto index = static_cast<c10::DeviceIndex>(choose_gpu(launch_, at::accelerator::deviceCount(), visible));
  at::accelerator::setDeviceIndex(index);
  return {at::kCUDA, index};
}

std::vector<double> Ranks::visible_gpus() const {
  const char* const variable = std::getenv("CUDA_VISIBLE_DEVICES");
  const std::string value = variable == nullptr ? "all" : variable;
  // Slurm with --gpus-per-task 1 shows each process another GPU under the same number.
  const bool is_own = launch_.binds_to_cores && variable != nullptr && value.find(',') == std::string::npos;
  constexpr uint64_t kExact = uint64_t{1} << 52;  // whole numbers that a double holds
  std::vector<double> visible(static_cast<size_t>(size()));
  visible[static_cast<size_t>(rank())] =
      is_own ? static_cast<double>(rank()) : static_cast<double>(hash64(value) % kExact);
  add_up(visible);
  return visible;
}

void Ranks::connect(at::Device device) {
  if (is_alone()) return;
  any(false);  // all are about to
  guard([&] {
    const auto store = groups_->store_of("device");
    using Type = c10d::ProcessGroup::BackendType;
    const Backend backend = device.is_cuda() ? make_nccl_backend(store, launch_, kCollective)
                                             : make_gloo_backend(store, launch_, kConnecting);
    if (!device.is_cuda()) backend->setTimeout(kCollective);
    groups_->device = make_group(store, launch_, device.type(), device.is_cuda() ? Type::NCCL : Type::GLOO, backend);
  });
}

void Ranks::leave() {
  if (!is_alone()) groups_->pulse->leave();
}

int64_t Ranks::max(int64_t value) const {
  if (is_alone()) return value;
  return guard([&] {
    std::vector<at::Tensor> tensors = {at::full({1}, value, at::kLong)};
    c10d::AllreduceOptions options;
    options.reduceOp = c10d::ReduceOp::MAX;
    groups_->control->allreduce(tensors, options)->wait();
    return tensors[0].item<int64_t>();
  });
}

void Ranks::add_up(std::vector<double>& values) const {
  if (is_alone() || values.empty()) return;
  guard([&] {
    std::vector<at::Tensor> tensors = {
        at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kDouble)};
    groups_->control->allreduce(tensors)->wait();
  });
}

std::string Ranks::text_of_writer(const std::string& text) const {
  if (is_alone()) return text;
  return guard([&] {
    const int64_t size = max(is_writer() ? static_cast<int64_t>(text.size()) : 0);
    std::string result = is_writer() ? text : std::string(static_cast<size_t>(size), '\0');
    if (size == 0) return result;
    std::vector<at::Tensor> tensors = {at::from_blob(result.data(), {size}, at::kByte)};
    groups_->control->broadcast(tensors)->wait();
    return result;
  });
}

void Ranks::move(at::Tensor& tensor, int64_t from, int64_t to) const {
  if (from == to || (rank() != from && rank() != to)) return;
  guard([&] {
    std::vector<at::Tensor> tensors = {tensor.contiguous()};
    const auto work = rank() == from ? groups_->control->send(tensors, static_cast<int>(to), 0)
                                     : groups_->control->recv(tensors, static_cast<int>(from), 0);
    work->wait(kCollective);
  });
}

void Ranks::require_same(const std::string& description) const {
  const auto is = lines_of(description), expected = lines_of(text_of_writer(description));
  std::string difference;
  for (size_t i = 0; i < std::max(is.size(), expected.size()) && difference.empty(); ++i) {
    const std::string left = i < is.size() ? is[i] : "nothing", right = i < expected.size() ? expected[i] : "nothing";
    if (left != right) difference = '"' + left + "\", expected \"" + right + '"';
  }
  if (!difference.empty())
    throw ConfigError("rank " + std::to_string(rank()) + " of " + std::to_string(size()) +
                      " was started with other settings than rank 0: it has " + difference +
                      "; start all processes with the same command and data");
}

at::Tensor Ranks::mean(const at::Tensor& value) const {
  if (is_alone()) return value;
  return guard([&] {
    std::vector<at::Tensor> tensors = {value.clone()};
    groups_->device->allreduce(tensors)->wait();
    return tensors[0] / static_cast<double>(size());
  });
}

void Ranks::share(const std::vector<at::Tensor>& tensors, int64_t from) const {
  if (is_alone() || tensors.empty()) return;
  guard([&] {
    const at::NoGradGuard no_grad;
    c10d::broadcast_coalesced(groups_->device, tensors, kShareBytes, static_cast<int>(from));
  });
}

const c10::intrusive_ptr<c10d::ProcessGroup>& Ranks::device_group() const {
  static const c10::intrusive_ptr<c10d::ProcessGroup> none;
  return is_alone() ? none : groups_->device;
}

void Ranks::throw_verdict_or_rethrow() const {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    const std::string verdict = groups_->pulse ? groups_->pulse->verdict(kPatience) : "";
    if (!verdict.empty()) throw Error(verdict);
    if (dynamic_cast<const c10::Error*>(&error) != nullptr) throw;
    const std::string words = error.what();
    throw Error("another process of the run can't be reached (" + words.substr(0, words.find(". ")) +
                "); go on from the last checkpoint with --resume");
  }
}

}  // namespace ktlm::train
