/** What the user's shell has to be told, so that it asks us. */

const BASH = `_toolway() {
  local line program=$1
  [[ $program == \\~/* ]] && program=$HOME/\${program#*/}
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <("$program" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" "$COMP_TYPE" 2>/dev/null)
}
complete -o nospace -o nosort -F _toolway toolway 2>/dev/null || complete -o nospace -F _toolway toolway
`;

const ZSH = `#compdef toolway
_toolway() {
  local kind text pattern times after program=\${(Q)words[1]}
  local -i found=0
  local -a whole open
  [[ $program == \\~/* ]] && program=$HOME/\${program#*/}
  while IFS=$'\\t' read -r kind text pattern; do
    case $kind in
      word) whole+=("$text") ;;
      open) open+=("$text") ;;
      files) times=$text after=$pattern ;;
    esac
  done < <("$program" __complete zsh "\${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" 2>/dev/null)
  (( $#whole )) && _describe -V -t words word whole && found=1
  (( $#open )) && _describe -V -t beginnings beginning open -S '' && found=1
  if [[ -n $times ]]; then
    (( times )) && compset -P $times $after
    _files && found=1
  fi
  (( found ))
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
if [[ $funcstack[1] == _toolway ]]; then _toolway "$@"; else compdef _toolway toolway; fi
`;

const FISH = `function __toolway_complete
    set -l program (string match -r '^(?:.*/)?toolway$' -- (commandline -opc) | string replace -r '^~/' "$HOME/")
    test (count $program) -gt 0; or set program toolway
    command $program[1] __complete fish (commandline -cp | string collect) 2>/dev/null
end
complete -c toolway -e
complete -c toolway -f -k -a '(__toolway_complete)'
`;

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
