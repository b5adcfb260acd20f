#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "base/embedded.h"

namespace muster {
namespace {

TEST(Embed, KeepsNamesAndBytesOfAnyFile) {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    names.emplace_back(file.name);
    std::ifstream in(std::string(ODD_FOLDER "/") + names.back(), std::ios::binary);
    ASSERT_TRUE(in.is_open()) << file.name;
    std::stringstream bytes;
    bytes << in.rdbuf();
    EXPECT_TRUE(bytes.str() == file.bytes) << file.name;
  }
  EXPECT_THAT(names,
              testing::ElementsAre("big.txt", "empty", "nul.bin", "seven.txt", "sub folder/quo\"te.txt"));
}

TEST(Embed, TheOddFilesAreOdd) {
  EXPECT_EQ(embedded_files()[0].bytes.size(), 3'200'000U);
  EXPECT_EQ(embedded_files()[1].bytes, "");
  EXPECT_EQ(embedded_files()[2].bytes, std::string_view("a\0b\xFF\"\\\n\x1A\0\r\n??", 13));
  EXPECT_EQ(embedded_files()[3].bytes, "1234567");
}

}  // namespace
}  // namespace muster
