# muster_embed(TARGET ROOT FILES...) makes a static library that holds the files' bytes, named by their path below ROOT,
# sorted, behind base/embedded.h.
function(muster_embed target root)
  list(SORT ARGN)
  set(out ${CMAKE_BINARY_DIR}/generated/${target}.cpp)
  # The list is a file, so that its change alone (a removed rule) makes the library anew, and so that it may be of any length.
  set(list ${CMAKE_BINARY_DIR}/generated/${target}.list)
  list(JOIN ARGN "\n" lines)
  file(CONFIGURE OUTPUT ${list} CONTENT "${lines}\n" @ONLY)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DROOT=${root} -DLIST=${list} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${ARGN} ${list} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Embedding rules, policies and schemas" VERBATIM)
  add_library(${target} STATIC ${out})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/engine)
  target_link_libraries(${target} PUBLIC muster_flags)
  # The bytes come in by the assembler, whose symbols link-time optimisation does not see.
  target_compile_options(${target} PRIVATE -fno-lto)
endfunction()
