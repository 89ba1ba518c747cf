#include "state_exchange.h"

#include <vector>

#include "trainer_state_json.h"

namespace ktlm::train {

TrainerState state_of_writer(const Ranks& ranks, const TrainerState& state) {
  if (ranks.is_alone()) return state;
  return trainer_state_from_json(ranks.text_of_writer(trainer_state_to_json(state, {})), "state of rank 0").first;
}

void spread_model_and_state(const Ranks& ranks, const model::LanguageModel& model, Optimizer& optimizer) {
  if (ranks.is_alone()) return;
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : model.parameters()) tensors.push_back(tensor);
  const bool sharded = optimizer.shard().world_size > 1;
  for (StateTensor& each : optimizer.state()) {
    if (!sharded) {
      tensors.push_back(each.tensor);
    } else if (each.owner != 0) {
      at::Tensor moved = ranks.is_writer() ? each.tensor : at::empty(each.shape, at::kFloat);
      // Undefined on rank 0 where it has loaded nothing: a new run, whose state is 0 everywhere.
      if (!ranks.any(ranks.is_writer() && moved.defined())) continue;
      ranks.move(moved, 0, each.owner);
      if (ranks.rank() == each.owner) each.tensor.copy_(moved);
    }
  }
  ranks.share(tensors, 0);
  optimizer.set_num_steps(ranks.max(ranks.is_writer() ? optimizer.num_steps() : 0));
  optimizer.forget_others();
}

void share_updates(const Ranks& ranks, const Optimizer& optimizer) {
  if (optimizer.shard().world_size == 1) return;
  for (int64_t rank = 0; rank < ranks.size(); ++rank) ranks.share(optimizer.parameters_of(rank), rank);
}

void gather_state(const Ranks& ranks, Optimizer& optimizer) {
  for (StateTensor& each : optimizer.state()) {
    if (each.owner == 0) continue;
    at::Tensor moved;
    if (ranks.rank() == each.owner) moved = each.tensor.cpu().contiguous();
    if (ranks.is_writer()) moved = each.tensor = at::empty(each.shape, at::kFloat);
    ranks.move(moved, each.owner, 0);
  }
}

}  // namespace ktlm::train
