# Writes OUT: the files that LIST names (one path a line), behind base/embedded.h. The assembler takes the bytes in as they are,
# so a file may hold anything and have any size.
file(STRINGS ${LIST} files ENCODING UTF-8)
set(blocks "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  file(RELATIVE_PATH name ${ROOT} ${file})
  file(SIZE ${file} bytes)
  # Once for the C++ literal that holds the assembler's text, once for the assembler's own literal.
  string(REGEX REPLACE "([\\\\\"])" "\\\\\\1" quoted "${file}")
  string(REGEX REPLACE "([\\\\\"])" "\\\\\\1" quoted "${quoted}")
  string(REGEX REPLACE "([\\\\\"])" "\\\\\\1" name "${name}")
  set(symbol muster_embedded_${number})
  string(APPEND blocks
    "asm(\".pushsection .rodata\\n.globl ${symbol}\\n.hidden ${symbol}\\n${symbol}:\\n"
    ".incbin \\\"${quoted}\\\"\\n.byte 0\\n.popsection\\n\");\n"
    "extern \"C\" __attribute__((visibility(\"hidden\"))) const char ${symbol}[];\n")
  string(APPEND rows "      {\"${name}\", {${symbol}, ${bytes}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
if(number EQUAL 0)
  set(body "  return {};\n")
else()
  set(body "  static const muster::EmbeddedFile files[] = {\n${rows}  };\n  return files;\n")
endif()
file(WRITE ${OUT}
  "#include \"base/embedded.h\"\n\n${blocks}\nstd::span<const muster::EmbeddedFile> muster::embedded_files() {\n${body}}\n")
