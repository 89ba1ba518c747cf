# cmake --install puts bin/ktlm, lib/libktlm_torch and the shipped configs under the prefix. libtorch itself is not
# copied: the library remembers where it was found when it was built.
install(TARGETS ktlm RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(KTLM_WITH_TORCH)
  install(TARGETS ktlm_torch LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ktlm/configs)
