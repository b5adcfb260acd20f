-- Names by pattern, as a policy declares them: "prod-*".
local names = {}

-- Which department a thing belongs to, by its name and entries `department=pattern`, when that is another one than the person's; nil when it is nobody's, or
-- theirs too.
function names.foreign_owner(thing, department, owned)
  local other
  for _, owner in ipairs(thing:keys_of("name", owned)) do
    if owner == department then return nil end
    other = owner
  end
  return other
end

return names
