#include "cli/completion.hpp"

#include <fmt/format.h>

#include <iostream>
#include <map>

#include "cli/text.hpp"
#include "cli/verbs.hpp"

namespace holdfast::cli {
namespace {

// "config check" -> what can stand behind it.
using Words = std::map<std::string, std::vector<std::string>>;

void collect(const VerbInfo& verb, const std::string& path, Words& words) {
  auto& here = words[path];
  for (const auto& inner : verb.verbs) {
    here.push_back(inner.name);
    collect(inner, path.empty() ? inner.name : path + " " + inner.name, words);
  }
  for (const auto& option : verb.options) here.insert(here.end(), option.names.begin(), option.names.end());
}

void collect_values(const VerbInfo& verb, Words& values) {
  for (const auto& option : verb.options) {
    for (const auto& name : option.names) {
      if (!option.values.empty()) values[name] = option.values;
    }
  }
  for (const auto& inner : verb.verbs) collect_values(inner, values);
}

std::string function_name(std::string name) {
  std::ranges::replace(name, '-', '_');
  return "_" + name + "_complete";
}

std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == ':' || c == '[' || c == ']') {
      out += std::string{"\\"} + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string zsh_option(const OptionInfo& option, const std::string& name) {
  std::string text = fmt::format("'{}[{}]", name, quoted(option.help));
  if (!option.values.empty()) return text + fmt::format(":value:({})'", join(option.values, " "));
  return text + (option.takes_value ? ":value:_files'" : "'");
}

std::string zsh_arguments(const VerbInfo& verb) {
  std::string text;
  for (const auto& option : verb.options) {
    for (const auto& name : option.names) text += " \\\n        " + zsh_option(option, name);
  }
  return text;
}

}  // namespace

std::string bash_completion(const VerbInfo& program, const std::string& name) {
  Words words, values;
  collect(program, "", words);
  collect_values(program, values);
  std::string out = fmt::format("# bash completion of {}\n{}() {{\n", name, function_name(name));
  out += "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path= i\n";
  out += "  case $before in\n";
  for (const auto& [option, allowed] : values)
    out += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$word\")); return ;;\n", option,
                       join(allowed, " "));
  out +=
      "    -c|--config-file|--config|--apply|--replace) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n  "
      "esac\n";
  out += "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case \"$path ${COMP_WORDS[i]}\" in\n";
  for (const auto& [path, unused] : words) {
    if (!path.empty()) out += fmt::format("      \" {}\"|\"{}\") path=\"{}\" ;;\n", path, path, path);
  }
  out += "    esac\n  done\n  case $path in\n";
  for (const auto& [path, next] : words)
    out += fmt::format("    '{}') COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", path, join(next, " "));
  out += fmt::format("  esac\n}}\ncomplete -o default -F {} {}\n", function_name(name), name);
  return out;
}

std::string zsh_completion(const VerbInfo& program, const std::string& name) {
  std::string out =
      fmt::format("#compdef {}\n{}() {{\n  local -a verbs\n  verbs=(\n", name, function_name(name));
  for (const auto& verb : program.verbs) out += fmt::format("    '{}:{}'\n", verb.name, quoted(verb.help));
  out += "  )\n  local verb=${words[(r)" + std::string{"("};
  std::vector<std::string> names;
  for (const auto& verb : program.verbs) names.push_back(verb.name);
  out += join(names, "|") + ")]}\n  case $verb in\n";
  for (const auto& verb : program.verbs) {
    out += fmt::format("    {})\n      _arguments{}", verb.name, zsh_arguments(verb));
    std::vector<std::string> inner;
    for (const auto& next : verb.verbs) inner.push_back(next.name);
    if (!inner.empty()) out += fmt::format(" \\\n        '2:verb:({})'", join(inner, " "));
    out += " \\\n        '*:argument:_files'\n      ;;\n";
  }
  out += fmt::format(
      "    *)\n      _arguments{} '1:verb:->verb'\n      _describe verb verbs\n      ;;\n  esac\n}}\n",
      zsh_arguments(program));
  out += fmt::format("compdef {} {}\n", function_name(name), name);
  return out;
}

Result<int> run_verb(Context& context, const Completion& verb) {
  std::string text;
  for (const auto& [style, name] :
       {std::pair{Style::holdfast, "holdfast"}, {Style::patronictl, "patronictl"}}) {
    text +=
        verb.shell == "bash" ? bash_completion(describe(style), name) : zsh_completion(describe(style), name);
    if (verb.shell == "zsh") break;  // one #compdef a file
  }
  text.pop_back();
  context.terminal.say(text);
  return 0;
}

}  // namespace holdfast::cli
