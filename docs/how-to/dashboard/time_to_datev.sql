-- How many days after its document a booking was ready for the adviser in DATEV, by month of the document.
WITH taken AS (
  SELECT l.period, CAST(b.changed_at AS DATE) AS ready, l.booking_date
  FROM booking_lines l
  JOIN batches b ON b.batch_id = l.batch_id AND NOT b.is_deleted
  WHERE NOT l.is_deleted AND b.origin = 'own' AND b.status IN ('succeeded', 'partial')
    AND (:client = 'all' OR l.client_id = :client)
    AND l.period BETWEEN :from_month AND :to_month
)
SELECT
  period AS month, count(*) AS bookings,
  count(CASE WHEN ready <= booking_date + INTERVAL 7 DAY THEN 1 END) AS up_to_7_days,
  count(CASE WHEN ready > booking_date + INTERVAL 7 DAY
             AND ready <= booking_date + INTERVAL 30 DAY THEN 1 END) AS days_8_to_30,
  count(CASE WHEN ready > booking_date + INTERVAL 30 DAY
             AND ready <= booking_date + INTERVAL 90 DAY THEN 1 END) AS days_31_to_90,
  count(CASE WHEN ready > booking_date + INTERVAL 90 DAY THEN 1 END) AS over_90_days
FROM taken
GROUP BY period
ORDER BY period;
