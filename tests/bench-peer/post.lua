-- For wrk: the post that the product makes for one recipient.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Basic QUMwOnNlY3JldA=="
wrk.body = "To=%2B447700900123&From=GreenAbbey&Body=GA+Sch%3A+Dear+Carys%2C+school+closes+at+1+pm+today+because+of+snow."
  .. "&StatusCallback=http%3A%2F%2F127.0.0.1%3A8080%2Fhooks%2Ftwilio%2Fstatus%2F" .. string.rep("x", 100)
