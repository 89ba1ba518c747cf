// ktlm eval with libtorch.
#include <utility>

#include "eval_verb.h"
#include "ktlm/eval/torch_scorer.h"
#include "ktlm/generate/trained_model.h"
#include "ktlm/model/device.h"

namespace ktlm::cli {

int run_eval_with_torch(const EvalArguments& arguments, Console& console) {
  model::set_up_compute(arguments.threads);
  const at::ScalarType dtype = model::parse_dtype(arguments.dtype == "auto" ? "fp32" : arguments.dtype);
  const at::Device device = model::select_device(arguments.device);
  return run_eval(arguments, console, [&](const std::filesystem::path& directory) {
    auto trained = generate::load_trained_model(directory, device, at::kFloat);
    const auto model = std::make_shared<model::LanguageModel>(std::move(trained.model));
    return EvalModel{directory,
                     std::move(trained.tokenizer),
                     model,
                     std::make_unique<eval::TorchScorer>(*model, arguments.batch_size, dtype),
                     "libtorch",
                     model::device_name(device),
                     model::dtype_name(dtype)};
  });
}

}  // namespace ktlm::cli
