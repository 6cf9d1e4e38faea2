/** What the user's shell has to be told, so that it asks us. */

const BASH = `_toolway() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <("$1" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -o nospace -F _toolway toolway
`;

const ZSH = `#compdef toolway
_toolway() {
  local kind text
  local -a whole open
  while IFS=$'\\t' read -r kind text; do
    if [[ $kind == open ]]; then open+=("$text"); else whole+=("$text"); fi
  done < <("$words[1]" __complete zsh "\${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
  (( $#whole )) && compadd -a whole
  (( $#open )) && compadd -S '' -a open
  return 0
}
if [[ $funcstack[1] == _toolway ]]; then _toolway "$@"; else compdef _toolway toolway; fi
`;

const FISH = `function __toolway_complete
    command toolway __complete fish (commandline -cp | string collect) 2>/dev/null
end
complete -c toolway -e
complete -c toolway -f -a '(__toolway_complete)'
`;

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
