#include "ktlm/model/safetensors.h"

#include <array>
#include <cstring>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm::model {
namespace {

struct DtypeName {
  at::ScalarType dtype;
  const char* name;
};
constexpr std::array kDtypeNames{
    DtypeName{at::kFloat, "F32"},  DtypeName{at::kBFloat16, "BF16"}, DtypeName{at::kHalf, "F16"},
    DtypeName{at::kDouble, "F64"}, DtypeName{at::kLong, "I64"},      DtypeName{at::kInt, "I32"},
    DtypeName{at::kShort, "I16"},  DtypeName{at::kChar, "I8"},       DtypeName{at::kByte, "U8"},
    DtypeName{at::kBool, "BOOL"},
};

const char* name_of(at::ScalarType dtype, const std::string& tensor) {
  for (const auto& entry : kDtypeNames) {
    if (entry.dtype == dtype) return entry.name;
  }
  throw Error("safetensors: tensor \"" + tensor + "\" has a dtype that can't be saved, " + c10::toString(dtype));
}

at::ScalarType dtype_of(const std::string& name) {
  for (const auto& entry : kDtypeNames) {
    if (name == entry.name) return entry.dtype;
  }
  throw Error("safetensors: dtype " + name + " is unknown");  // SafetensorsFile takes those above alone
}

std::vector<SafetensorsEntry> entries_of(const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, tensor] : tensors)
    entries.push_back({name, name_of(tensor.scalar_type(), name), tensor.sizes().vec()});
  return entries;
}

}  // namespace

void save_safetensors(const std::filesystem::path& path, const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  AtomicFile file(path);
  file.write(safetensors_header(entries_of(tensors), metadata));
  for (const auto& [name, tensor] : tensors) {
    const auto on_cpu = tensor.detach().to(at::kCPU).contiguous();
    file.write(on_cpu.const_data_ptr(), on_cpu.nbytes());
  }
  file.commit();
}

at::Tensor to_torch(const SafetensorsFile::Tensor& source) {
  auto tensor = at::empty(source.shape, dtype_of(source.dtype));
  std::memcpy(tensor.mutable_data_ptr(), source.bytes.data(), source.bytes.size());
  return tensor;
}

std::map<std::string, at::Tensor> load_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, tensor] : file.tensors()) tensors.emplace(name, to_torch(tensor));
  return tensors;
}

}  // namespace ktlm::model
