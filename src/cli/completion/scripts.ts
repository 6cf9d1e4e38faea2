/** What the user's shell has to be told, so that it asks us. */

const BASH = `_toolway() {
  local line files=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; else COMPREPLY+=("$line"); fi
  done < <("$1" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  if [[ $files && \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o filenames +o nospace 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  fi
}
complete -o nospace -F _toolway toolway
`;

const ZSH = `#compdef toolway
_toolway() {
  local kind text files=
  local -a whole open
  while IFS=$'\\t' read -r kind text; do
    case $kind in
      :files) files=1 ;;
      open) open+=("$text") ;;
      word) whole+=("$text") ;;
    esac
  done < <("$words[1]" __complete zsh "\${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
  (( $#whole )) && compadd -a whole
  (( $#open )) && compadd -S '' -a open
  [[ -n $files && $#whole -eq 0 && $#open -eq 0 ]] && _files
  return 0
}
if [[ $funcstack[1] == _toolway ]]; then _toolway "$@"; else compdef _toolway toolway; fi
`;

const FISH = `function __toolway_complete
    for line in (command toolway __complete fish (commandline -cp | string collect) 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            printf '%s\\n' $line
        end
    end
end
complete -c toolway -e
complete -c toolway -f -a '(__toolway_complete)'
`;

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
