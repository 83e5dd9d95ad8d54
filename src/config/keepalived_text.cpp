#include "config/keepalived_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/keepalived_lines.hpp"

namespace holdfast::config {
namespace {

constexpr int depth_max = 16;  // of blocks within blocks

struct Token {
  enum class Kind { word, open, close, end_of_line };
  Kind kind = Kind::word;
  std::string text;
  Origin origin;
};

// Cuts one line into words and braces.
class Scanner {
 public:
  Scanner(const KeepalivedLine& line, std::vector<Token>& out, Problems& problems)
      : text_{line.text}, origin_{line.origin}, out_{out}, problems_{problems} {}

  void run();

 private:
  void take_char(char c);
  void take_escape();
  void end_word();
  void put(Token::Kind kind) { out_.push_back({kind, {}, origin_}); }

  const std::string& text_;
  const Origin& origin_;
  std::vector<Token>& out_;
  Problems& problems_;
  std::size_t at_ = 0;
  std::string word_;
  bool has_word_ = false;
  bool is_parameter_ = false;  // within "${NAME" that nobody has defined
  char quote_ = 0;
};

void Scanner::end_word() {
  if (has_word_) out_.push_back({Token::Kind::word, std::move(word_), origin_});
  word_.clear();
  has_word_ = false;
}

void Scanner::take_escape() {
  constexpr std::string_view controls = "abEfnrtvxc01234567";
  const char c = at_ + 1 < text_.size() ? text_[++at_] : '\\';
  if (controls.find(c) != std::string_view::npos)
    problems_.error(origin_, "", fmt::format("holds '\\{}', which is not understood", c));
  word_ += c;
  has_word_ = true;
}

void Scanner::take_char(char c) {
  if (quote_ != 0) {
    if (c == quote_) {
      quote_ = 0;
    } else {
      word_ += c;
    }
  } else if (c == '"' || c == '\'') {
    quote_ = c;
    has_word_ = true;
  } else if (c == ' ' || c == '\t') {
    end_word();
  } else if (c == '{' && word_.ends_with('$')) {
    word_ += c;
    is_parameter_ = true;
  } else if (c == '}' && is_parameter_) {
    word_ += c;
    is_parameter_ = false;
  } else if (c == '{' || c == '}') {
    end_word();
    put(c == '{' ? Token::Kind::open : Token::Kind::close);
  } else {
    word_ += c;
    has_word_ = true;
  }
}

void Scanner::run() {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; };
  if (std::ranges::any_of(text_, is_control)) problems_.error(origin_, "", "holds a byte that is no text");
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\') {
      take_escape();
    } else {
      take_char(text_[at_]);
    }
  }
  if (quote_ != 0) problems_.error(origin_, "", fmt::format("has a quote ({}) that is not closed", quote_));
  end_word();
  put(Token::Kind::end_of_line);
}

// Puts words and braces together.
class Builder {
 public:
  Builder(std::vector<Token> tokens, Problems& problems) : tokens_{std::move(tokens)}, problems_{problems} {}

  std::vector<KeepalivedStatement> block(int depth, const Origin& opened);

 private:
  void flush(std::vector<KeepalivedStatement>& out);
  bool open(std::vector<KeepalivedStatement>& out, const Origin& origin, int depth);

  std::vector<Token> tokens_;
  Problems& problems_;
  std::size_t at_ = 0;
  KeepalivedStatement current_;
};

void Builder::flush(std::vector<KeepalivedStatement>& out) {
  if (!current_.words.empty()) out.push_back(std::move(current_));
  current_ = {};
}

// False: nothing more can be made of the text.
bool Builder::open(std::vector<KeepalivedStatement>& out, const Origin& origin, int depth) {
  flush(out);
  if (out.empty() || out.back().has_block) {
    problems_.error(origin, "{", "opens a block that has no keyword");
    return false;
  }
  if (depth >= depth_max) {
    problems_.error(origin, "{", fmt::format("is deeper than {} blocks", depth_max));
    return false;
  }
  out.back().has_block = true;
  out.back().block = block(depth + 1, origin);
  return at_ < tokens_.size() || !problems_.has_errors();
}

std::vector<KeepalivedStatement> Builder::block(int depth, const Origin& opened) {
  std::vector<KeepalivedStatement> out;
  while (at_ < tokens_.size()) {
    Token token = std::move(tokens_[at_++]);
    if (token.kind == Token::Kind::word) {
      if (current_.words.empty()) current_.origin = token.origin;
      current_.words.push_back(std::move(token.text));
    } else if (token.kind == Token::Kind::end_of_line) {
      flush(out);
    } else if (token.kind == Token::Kind::close) {
      flush(out);
      if (depth > 0) return out;
      problems_.error(token.origin, "}", "closes a block that nobody opened");
    } else if (!open(out, token.origin, depth)) {
      at_ = tokens_.size();
      return out;
    }
  }
  flush(out);
  if (depth > 0 && !problems_.has_errors()) problems_.error(opened, "{", "is not closed");
  return out;
}

}  // namespace

std::vector<KeepalivedStatement> parse_keepalived(const KeepalivedFile& file,
                                                  const KeepalivedOptions& options, Problems& problems) {
  KeepalivedLines lines{options, problems};
  lines.read(file);
  std::vector<Token> tokens;
  for (const KeepalivedLine& line : std::move(lines).take()) Scanner{line, tokens, problems}.run();
  if (problems.has_errors()) return {};
  return Builder{std::move(tokens), problems}.block(0, {});
}

}  // namespace holdfast::config
