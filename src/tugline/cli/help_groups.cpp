#include "tugline/cli/help_groups.h"

namespace tugline {

const std::vector<HelpGroup>& help_groups() {
  static const std::vector<HelpGroup> groups{
      {"", "Measure", {"sweep", "rerun", "tug", "repl", "vectors"}},
      {"",
       "Read what was measured",
       {"summary", "analyze", "dose", "plot", "report", "export", "merge", "verify"}},
      {"", "Models and texts", {"inspect", "fetch", "doctor"}},
      {"", "The command line", {"completion", "man"}},
      {"sweep", "Files", {"--output", "--field", "--config"}},
      {"sweep", "The run", {"--preset", "--keep-going", "--dry-run", "--json"}},
      {"analyze",
       "What is analysed",
       {"--measure", "--epsilon", "--threshold", "--small-epsilon", "--resamples", "--seed", "--field"}},
      {"analyze", "What is printed", {"--table", "--spans", "--layers", "--json", "--no-store"}},
      {"dose", "What is looked for", {"--kl", "--statistic", "--by", "--tangents"}},
      {"dose", "How it is found", {"--refine", "--output", "--field", "--threads", "--resamples", "--seed"}},
      {"dose", "What is printed", {"--json", "--csv"}},
      {"plot",
       "What is drawn",
       {"--kind", "--measure", "--spans", "--layer", "--epsilon", "--example", "--kl", "--statistic",
        "--metric"}},
      {"plot", "How it looks", {"--scale", "--style", "--width", "--title", "--no-caption"}},
      {"plot", "The file", {"--output", "--force"}},
      {"vectors",
       "Which vectors",
       {"--layers", "--hook", "--head", "--kinds", "--metric", "--threshold", "--centred"}},
      {"vectors", "What is read", {"--bos", "--max-examples", "--field"}},
      {"vectors", "The file", {"--output", "--force"}},
  };
  return groups;
}

void group_help(CLI::App& app) {
  for (const HelpGroup& group : help_groups()) {
    if (!group.command.empty()) {
      CLI::App& command = *app.get_subcommand(group.command);
      for (const std::string& name : group.names) command.get_option(name)->group(group.heading);
      continue;
    }
    for (const std::string& name : group.names) app.get_subcommand(name)->group(group.heading);
  }
}

}  // namespace tugline
