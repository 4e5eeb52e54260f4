# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for sqnsctl in bash. What there is to complete comes from the program's own --help.

_sqnsctl_commands ()
{
  sqnsctl --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\).*/\1/p'
}

_sqnsctl ()
{
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= i
  local commands
  commands=$(_sqnsctl_commands)
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} != -* && $'\n'$commands$'\n' == *$'\n'${COMP_WORDS[i]}$'\n'* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done

  COMPREPLY=()
  case $previous in
    --link) COMPREPLY=($(compgen -W 'auto direct passthrough relay' -- "$current")) ; return ;;
    --method) COMPREPLY=($(compgen -W 'auto on-the-fly fff recovery' -- "$current")) ; return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(sqnsctl $command --help 2>/dev/null | grep -o -e '--[a-z][a-z0-9-]*')" -- "$current"))
    return
  fi
  case $command in
    '') COMPREPLY=($(compgen -W "$commands" -- "$current")) ;;
    drain) COMPREPLY=($(compgen -W 'on off' -- "$current")) ;;
    job | wait | cancel | resume)
      COMPREPLY=($(compgen -W "$(sqnsctl jobs 2>/dev/null | sed '1d;s/ .*//')" -- "$current")) ;;
    show | at | console | reset | upgrade | recover | doctor | inhibit)
      COMPREPLY=($(compgen -W "$(sqnsctl list 2>/dev/null | sed '1d;s/ .*//')" -- "$current"))
      COMPREPLY+=($(compgen -f -- "$current")) ;;
    inspect) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}

complete -o filenames -F _sqnsctl sqnsctl
