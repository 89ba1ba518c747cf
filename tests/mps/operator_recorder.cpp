#include "operator_recorder.h"

#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace ktlm::test {

namespace {

// libtorch calls a plain function, from any thread.
struct Recording {
  std::mutex mutex;
  std::vector<OperatorCall> calls;
};
Recording& recording() {
  static Recording instance;
  return instance;
}

// Whether it is contiguous but for its last two dimensions, which are swapped. Calls no operator, which would be heard.
bool is_transposed(const at::Tensor& tensor) {
  if (tensor.dim() < 2) return false;
  auto sizes = tensor.sizes().vec(), strides = tensor.strides().vec();
  std::swap(sizes[sizes.size() - 1], sizes[sizes.size() - 2]);
  std::swap(strides[strides.size() - 1], strides[strides.size() - 2]);
  int64_t step = 1;
  for (size_t i = sizes.size(); i-- > 0; step *= sizes[i])
    if (sizes[i] != 1 && strides[i] != step) return false;
  return true;
}

void add_tensor(const at::Tensor& tensor, std::vector<TensorArgument>& arguments) {
  if (!tensor.defined()) return;
  const bool contiguous = tensor.is_contiguous();
  arguments.push_back(
      {tensor.is_mps(), tensor.scalar_type(), contiguous, contiguous || is_transposed(tensor), tensor.sizes().vec()});
}

void add_tensors(const c10::IValue& value, std::vector<TensorArgument>& arguments) {
  if (value.isTensor()) add_tensor(value.toTensor(), arguments);
  if (value.isTensorList())
    for (const at::Tensor& tensor : value.toTensorVector()) add_tensor(tensor, arguments);
  if (value.isOptionalTensorList())
    for (const std::optional<at::Tensor> tensor : value.toOptionalTensorList())
      if (tensor) add_tensor(*tensor, arguments);
}

std::unique_ptr<at::ObserverContext> on_call(const at::RecordFunction& function) {
  OperatorCall call;
  const std::string_view name = function.name();
  call.name = name.substr(name.rfind(':') + 1);
  for (const c10::IValue& value : function.inputs()) add_tensors(value, call.arguments);
  const bool on_device = std::any_of(call.arguments.begin(), call.arguments.end(),
                                     [](const TensorArgument& argument) { return argument.on_device; });
  if (!on_device) return nullptr;
  if (call.name == "copy_" || call.name == "_copy_from") call.non_blocking = function.inputs()[2].toBool();
  Recording& current = recording();
  const std::lock_guard lock(current.mutex);
  current.calls.push_back(std::move(call));
  return nullptr;
}

// Ends the recording, also where the work throws.
struct Callback {
  at::CallbackHandle handle =
      at::addGlobalCallback(at::RecordFunctionCallback(&on_call).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  ~Callback() { at::removeCallback(handle); }
};

// Of two devices, and which way.
bool is_copy(const OperatorCall& call, bool to_device) {
  return call.name == "copy_" && call.arguments[0].on_device == to_device && call.arguments[1].on_device != to_device;
}

// x[mask]: how many elements come out has to be counted first.
bool indexes_by_mask(const OperatorCall& call) {
  static const std::set<std::string> kIndexing = {"index", "index_put", "index_put_", "_index_put_impl_"};
  return kIndexing.contains(call.name) &&
         std::any_of(call.arguments.begin() + 1, call.arguments.end(),
                     [](const TensorArgument& index) { return index.dtype == at::kBool; });
}

bool is_host_sync(const OperatorCall& call) {
  static const std::set<std::string> kReading = {"_local_scalar_dense", "equal",    "nonzero",
                                                 "masked_select",       "_unique",  "_unique2",
                                                 "unique_dim",          "bincount", "unique_consecutive"};
  return kReading.contains(call.name) || is_copy(call, /*to_device=*/false) || indexes_by_mask(call);
}

bool is_upload(const OperatorCall& call) { return is_copy(call, /*to_device=*/true); }

std::vector<std::string> descriptions_of(const std::vector<OperatorCall>& calls, bool (*wanted)(const OperatorCall&)) {
  std::vector<std::string> found;
  for (const OperatorCall& call : calls)
    if (wanted(call)) found.push_back(call.description());
  return found;
}

}  // namespace

std::string OperatorCall::description() const {
  std::ostringstream text;
  text << name << "(";
  for (size_t i = 0; i < arguments.size(); ++i) {
    const TensorArgument& argument = arguments[i];
    text << (i > 0 ? ", " : "") << (argument.on_device ? "" : "CPU ") << argument.dtype << " "
         << at::IntArrayRef(argument.sizes)
         << (argument.contiguous ? ""
             : argument.packed   ? " transposed"
                                 : " strided");
  }
  text << (non_blocking ? ", non_blocking)" : ")");
  return text.str();
}

std::vector<OperatorCall> record_operators(const std::function<void()>& work) {
  recording().calls.clear();
  {
    const Callback callback;
    work();
  }
  return std::move(recording().calls);
}

std::vector<std::string> host_syncs(const std::vector<OperatorCall>& calls) {
  return descriptions_of(calls, is_host_sync);
}

std::vector<std::string> uploads(const std::vector<OperatorCall>& calls) { return descriptions_of(calls, is_upload); }

}  // namespace ktlm::test
