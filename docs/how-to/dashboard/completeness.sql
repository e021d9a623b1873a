-- Documents and bookings that belong together and do not find each other, by month of the document.
WITH found AS (
  SELECT
    entity_id, client_id, coalesce(substr(CAST(document_date AS STRING), 1, 7), 'no date') AS month,
    1 AS documents, 0 AS documents_without_booking, 0 AS bookings, 0 AS bookings_without_document
  FROM documents
  WHERE NOT is_deleted
  UNION ALL
  SELECT entity_id, client_id, coalesce(substr(CAST(document_date AS STRING), 1, 7), 'no date') AS month, 0, 1, 0, 0
  FROM v_documents_without_booking
  UNION ALL
  SELECT entity_id, client_id, period AS month, 0, 0, 1, 0
  FROM booking_lines
  WHERE NOT is_deleted
    AND (account_kind IN ('debtor', 'creditor') OR contra_kind IN ('debtor', 'creditor'))
    AND coalesce(voucher_kind, '') <> 'payment'
    AND coalesce(account_kind, '') <> 'finance'
    AND coalesce(contra_kind, '') <> 'finance'
  UNION ALL
  SELECT entity_id, client_id, substr(CAST(booking_date AS STRING), 1, 7) AS month, 0, 0, 0, 1
  FROM v_bookings_without_document
)
SELECT
  entity_id AS entity, month,
  sum(documents) AS documents, sum(documents_without_booking) AS documents_without_booking,
  sum(bookings) AS bookings, sum(bookings_without_document) AS bookings_without_document
FROM found
WHERE (:client = 'all' OR client_id = :client)
  AND (month = 'no date' OR month BETWEEN :from_month AND :to_month)
GROUP BY entity_id, month
ORDER BY entity_id, month;
