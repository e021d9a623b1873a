-- Vouchers that wait for somebody, by cause and by how old their document is on a day.
SELECT
  coalesce(reason, 'not said') AS cause, source,
  count(*) AS vouchers,
  count(CASE WHEN document_date >= CAST(:as_of AS DATE) - INTERVAL 30 DAY THEN 1 END) AS up_to_30_days,
  count(CASE WHEN document_date < CAST(:as_of AS DATE) - INTERVAL 30 DAY
             AND document_date >= CAST(:as_of AS DATE) - INTERVAL 90 DAY THEN 1 END) AS days_31_to_90,
  count(CASE WHEN document_date < CAST(:as_of AS DATE) - INTERVAL 90 DAY THEN 1 END) AS over_90_days,
  count(*) - count(document_date) AS without_date
FROM vouchers
WHERE NOT is_deleted AND status IN ('needs_human', 'rejected')
  AND (:client = 'all' OR client_id = :client)
GROUP BY coalesce(reason, 'not said'), source
ORDER BY vouchers DESC, cause, source;
