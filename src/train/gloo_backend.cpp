#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <cstdlib>

#include "backends.h"

namespace ktlm::train {

c10::intrusive_ptr<c10d::Backend> make_gloo_backend(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                                    std::chrono::milliseconds timeout) {
  using Gloo = c10d::ProcessGroupGloo;
  auto options = Gloo::Options::create(timeout);
  const char* const interface = std::getenv("GLOO_SOCKET_IFNAME");
  if (interface != nullptr && *interface != '\0')
    options->devices = {Gloo::createDeviceForInterface(interface)};
  else if (launch.on_one_machine())  // whose own name need not lead to it: laptops, containers
    options->devices = {Gloo::createDeviceForHostname("127.0.0.1")};
  else
    options->devices = {Gloo::createDefaultDevice()};
  return c10::make_intrusive<Gloo>(store, static_cast<int>(launch.rank), static_cast<int>(launch.world_size),
                                   std::move(options));
}

}  // namespace ktlm::train
