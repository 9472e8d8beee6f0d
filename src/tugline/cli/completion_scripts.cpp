#include "tugline/cli/completion_scripts.h"

namespace tugline {
namespace {

// bash cuts words at '=' and ':'; they are put together again, and what a candidate has before the last cut
// is taken away.
constexpr std::string_view kBash =
    R"script(# Completes tugline's command line in bash: source <(tugline completion bash)
_tugline() {
  local -a words=() lines=()
  local i word line joined=no prefix program=${COMP_WORDS[0]/#\~/$HOME}
  COMPREPLY=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == [=:] && ${#words[@]} -gt 0 ]]; then
      words[${#words[@]} - 1]+=$word
      joined=yes
    elif [[ $joined == yes ]]; then
      words[${#words[@]} - 1]+=$word
      joined=no
    else
      words+=("$word")
    fi
  done
  word=${words[${#words[@]} - 1]}
  prefix=${word%"${word##*[=:]}"}
  mapfile -t lines < <("$program" completion --words "${words[@]}" 2>/dev/null)
  for line in "${lines[@]}"; do
    if [[ $line == :files* ]]; then
      compopt -o filenames
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${word#"$prefix"}")
    else
      line=${line%%$'\t'*}
      COMPREPLY+=("${line#"$prefix"}")
    fi
  done
  [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[=:] ]] || compopt -o nospace
}
complete -F _tugline tugline
)script";

constexpr std::string_view kZsh = R"script(#compdef tugline
# Completes tugline's command line in zsh: source <(tugline completion zsh), after compinit; or a file _tugline in $fpath.
_tugline() {
  local -a lines candidates
  local line text
  lines=("${(@f)$(${~${(Q)words[1]}} completion --words "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    [[ -n $line ]] || continue
    if [[ $line == :files* ]]; then
      compset -P "${(b)line#:files}"
      _files
    else
      text=${line%%$'\t'*}
      candidates+=("${text//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( $#candidates == 0 )) || _describe tugline candidates
}
if [[ $funcstack[1] == _tugline ]]; then
  _tugline "$@"
else
  compdef _tugline tugline
fi
)script";

constexpr std::string_view kFish =
    R"script(# Completes tugline's command line in fish: tugline completion fish | source
function __tugline_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l word (commandline -ct)
    for line in ($program completion --words $words $word 2>/dev/null)
        if string match -q ':files*' -- $line
            set -l before (string sub -s 7 -- $line)
            set -l file (string sub -s (math 1 + (string length -- "$before")) -- "$word")
            for path in (__fish_complete_path "$file")
                echo $before$path
            end
        else
            echo $line
        end
    end
end
complete -c tugline -f -a '(__tugline_complete)'
)script";

}  // namespace

std::string_view completion_script(Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return kBash;
    case Shell::kZsh:
      return kZsh;
    case Shell::kFish:
      return kFish;
  }
  return "";
}

}  // namespace tugline
