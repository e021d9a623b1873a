-- What DATEV made of the files that it got, by the month in which they were handed over.
SELECT
  j.entity_id AS entity, substr(CAST(j.submitted_at AS STRING), 1, 7) AS month,
  CASE j.kind WHEN 'extf' THEN 'bookings' WHEN 'dxso' THEN 'booking suggestions' ELSE 'master data' END AS files_of,
  count(*) AS files, sum(b.line_count) AS file_rows,
  count(CASE WHEN j.result = 'succeeded' THEN 1 END) AS succeeded,
  count(CASE WHEN j.result = 'partial' THEN 1 END) AS partly,
  count(CASE WHEN j.result = 'failed' THEN 1 END) AS failed,
  count(CASE WHEN j.result = 'pending' THEN 1 END) AS pending
FROM jobs j
LEFT JOIN batches b ON b.batch_id = j.batch_id AND NOT b.is_deleted
WHERE NOT j.is_deleted
  AND (:client = 'all' OR j.client_id = :client)
GROUP BY j.entity_id, substr(CAST(j.submitted_at AS STRING), 1, 7),
  CASE j.kind WHEN 'extf' THEN 'bookings' WHEN 'dxso' THEN 'booking suggestions' ELSE 'master data' END
ORDER BY entity, month, files_of;
