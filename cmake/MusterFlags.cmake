# One INTERFACE target carries language level, warnings and hardening; every target of the project links it.
add_library(muster_flags INTERFACE)
target_compile_features(muster_flags INTERFACE cxx_std_20)
target_compile_options(muster_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # gcc 12 warns about overlapping copies and array bounds inside std::string that cannot happen (gcc bugs 105651, 105329).
  target_compile_options(muster_flags INTERFACE $<$<CONFIG:Release>:-Wno-restrict> $<$<CONFIG:Release>:-Wno-array-bounds>)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(MUSTER_HARDEN "Stack protector, fortify, PIE, read-only relocations" OFF)
if(MUSTER_HARDEN)
  target_compile_options(muster_flags INTERFACE -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(muster_flags INTERFACE -pie -Wl,-z,relro,-z,now)
endif()

find_program(MUSTER_CCACHE ccache)
if(MUSTER_CCACHE)
  # With paths relative to the checkout, several checkouts share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${MUSTER_CCACHE})
endif()
# No path of the machine that built it is in the program.
target_compile_options(muster_flags INTERFACE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

# Objects are "fat": they hold machine code as well as what the optimiser needs at link time. The program that users run is
# linked with optimisation (muster_optimise_link), tests are linked from the machine code, which takes a second instead of a minute.
option(MUSTER_LTO "Link-time optimisation of the muster program" OFF)
find_program(MUSTER_MOLD mold)
if(MUSTER_LTO)
  target_compile_options(muster_flags INTERFACE -flto=auto -ffat-lto-objects)
endif()

# muster_optimise_link(TARGET): the program is linked with link-time optimisation, when that is on.
function(muster_optimise_link target)
  set_target_properties(${target} PROPERTIES MUSTER_OPTIMISED_LINK ON)
endfunction()
set(optimised $<BOOL:$<TARGET_PROPERTY:MUSTER_OPTIMISED_LINK>>)
if(MUSTER_LTO)
  add_link_options($<IF:${optimised},-flto=auto,-fno-lto>)
endif()
if(MUSTER_MOLD)
  # Optimised links stay with the default linker, which is the one that gcc's plugin is tested with.
  add_link_options($<$<NOT:$<AND:$<BOOL:${MUSTER_LTO}>,${optimised}>>:-fuse-ld=mold>)
endif()
