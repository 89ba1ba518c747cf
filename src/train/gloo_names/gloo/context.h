// Names of Gloo that libtorch's ProcessGroupGloo.hpp mentions and whose headers libtorch's packages leave out. The
// classes live in libtorch; nothing here is ever made or called by us, so that declarations are enough.
#pragma once

#include <chrono>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo
