# fakemps, for tests on Linux: a library to preload that registers on libtorch's MPS dispatch key the operators that
# have a kernel in the Mac wheel, and no others, backed by host memory. It is not part of the project; where
# KTLM_FAKEMPS_DIR holds it, this defines the target `fakemps`. A Mac has the real device and needs none.
set(KTLM_FAKEMPS_DIR ${PROJECT_SOURCE_DIR}/../shared/macos/fakemps CACHE PATH "Folder of fakemps.cpp and mps_ops.txt")

if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND EXISTS ${KTLM_FAKEMPS_DIR}/fakemps.cpp)
  add_library(fakemps SHARED ${KTLM_FAKEMPS_DIR}/fakemps.cpp)
  target_link_libraries(fakemps PRIVATE ktlm::torch)
  target_compile_options(fakemps PRIVATE -w)  # code of others: our warnings do not apply
endif()
