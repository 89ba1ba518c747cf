# cmake --install puts bin/ktlm, lib/libktlm_torch, lib/libktlm_parquet and the shipped configs under the prefix. libtorch
# and Arrow themselves are not copied: the libraries remember where they were found when they were built.
install(TARGETS ktlm RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(KTLM_WITH_TORCH)
  install(TARGETS ktlm_torch LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(KTLM_HAS_PARQUET)
  install(TARGETS ktlm_parquet LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ktlm/configs)
