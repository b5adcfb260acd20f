# muster_embed(TARGET ROOT FILES...) makes a static library that holds the files' bytes, named by their path below ROOT,
# sorted, behind base/embedded.h.
function(muster_embed target root)
  list(SORT ARGN)
  set(out ${CMAKE_BINARY_DIR}/generated/${target}.cpp)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DROOT=${root} "-DFILES=${ARGN}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Embedding rules, policies and schemas" VERBATIM)
  add_library(${target} STATIC ${out})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/engine)
  target_link_libraries(${target} PUBLIC muster_flags)
  target_compile_options(${target} PRIVATE -Wno-overlength-strings)
endfunction()
