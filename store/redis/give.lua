-- Frees the slots of a lease; with undo the request was never counted. KEYS as in
-- take. ARGV: the lease, undo, and of each ask the microseconds between two requests and for
-- how many it counted.
for i = 1, #KEYS / 2 do
  redis.call('ZREM', KEYS[2 * i], ARGV[1])
  local each = tonumber(ARGV[2 * i + 1]) * tonumber(ARGV[2 * i + 2])
  if ARGV[2] == '1' and each > 0 then
    local at = tonumber(redis.call('GET', KEYS[2 * i - 1]) or 0)
    if at > each then redis.call('SET', KEYS[2 * i - 1], string.format('%.0f', at - each), 'KEEPTTL') end
  end
end
return 0
